package io.scaibunker.microvm;

/** Starts microVMs with one kind of monitor. Safe for several threads. */
public interface MachineDriver {
    /** As shown to operators: {@code qemu}. */
    String name();

    /** How this host runs guest code, and why so. */
    Acceleration acceleration();

    /**
     * Spawns the machine and returns while its kernel still boots. When this throws, nothing of the machine is left but
     * its directory.
     *
     * @throws MachineException with {@link MachineException.Reason#HOST}
     */
    Machine start(MachineSpec spec);
}
