package io.scaibunker.api;

import io.scaibunker.bus.BunkerAccessClient;
import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecOutput;

/** Live talk with bunkers; {@link BunkerAccessClient#exec} is it. */
@FunctionalInterface
public interface BunkerAccess {
    /** @param worker {@code host:port}, as the worker's row has it */
    BunkerAccessClient.Call exec(String worker, ExecCommand command, ExecOutput output);
}
