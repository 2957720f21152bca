package io.scaibunker.api;

import io.scaibunker.bus.BunkerAccessClient;
import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.LiveCall;
import io.vertx.core.Future;

/** Live talk with bunkers; {@link BunkerAccessClient#open} is it. */
@FunctionalInterface
public interface BunkerAccess {
    /** @param worker {@code host:port}, as the worker's row has it */
    Future<LiveCall> open(String worker, ExecCommand command, ExecOutput output);
}
