package io.scaibunker.microvm;

/**
 * How a machine ended.
 *
 * @param cause who ended it, as far as one can tell
 * @param status the monitor's exit status, 128 + n for signal n, or -1 where it cannot be known
 * @param consoleTail the last of the console, as {@link Machine#consoleTail}
 */
public record MachineExit(Cause cause, int status, String consoleTail) {
    /** Who ended it. */
    public enum Cause {
        /** {@link Machine#stop}. */
        ASKED,
        /** The guest: it powered off. */
        POWERED_OFF,
        /** The guest: it rebooted or its kernel gave up. */
        GUEST,
        /** Us: its agent was not there any more, or said what none says. */
        AGENT,
        /** The monitor was killed or failed. */
        MONITOR,
        /** A machine of an earlier worker, which the system tells nobody about. */
        UNKNOWN,
    }

    /** A sentence for the bunker's row. */
    public String text() {
        return switch (cause) {
            case ASKED -> "stopped";
            case POWERED_OFF -> "the guest powered off";
            case AGENT -> "its agent did not answer any more";
            case GUEST -> "the guest ended by itself";
            case UNKNOWN -> "the machine ended by itself or was killed";
            case MONITOR -> "the virtual machine monitor ended with status " + status;
        };
    }
}
