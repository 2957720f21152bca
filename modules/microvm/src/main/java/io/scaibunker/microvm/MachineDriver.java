package io.scaibunker.microvm;

/** Starts microVMs with one kind of monitor. Safe for several threads. */
public interface MachineDriver {
    /** As shown to operators: {@code qemu}, {@code firecracker}. */
    String name();

    /** How this host runs guest code, and why so. */
    Acceleration acceleration();

    /** The user who will open the network device of a machine of that id, and must own it; 0 for the worker itself. */
    int networkUser(String id);

    /**
     * Spawns the machine and returns while its kernel still boots. When this throws, nothing of the machine is left but
     * its directory.
     *
     * @throws MachineException with {@link MachineException.Reason#HOST}
     */
    Machine start(MachineSpec spec);
}
