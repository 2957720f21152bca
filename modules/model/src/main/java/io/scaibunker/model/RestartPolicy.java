package io.scaibunker.model;

/** When a bunker's machine is booted again on the disk it had, after it has ended by itself. */
public enum RestartPolicy implements Word {
    ALWAYS,
    /** But not when the guest powered off. */
    ON_FAILURE,
    NEVER;

    /** Where nothing else is said: what is meant to last comes back. */
    public static RestartPolicy of(LifecycleMode mode) {
        return mode == LifecycleMode.PERSISTENT ? ALWAYS : NEVER;
    }

    /** @param poweredOff whether the guest ended on purpose */
    public boolean again(boolean poweredOff) {
        return this == ALWAYS || (this == ON_FAILURE && !poweredOff);
    }
}
