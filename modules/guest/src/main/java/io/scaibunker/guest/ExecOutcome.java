package io.scaibunker.guest;

/** How a command ended, as the agent saw it. */
public sealed interface ExecOutcome {

    /** It ended by itself. {@code code} is 0..255. */
    record Exited(int code) implements ExecOutcome {}

    /** A signal ended it: ours, its own, or the kernel's (9 when memory ran out). */
    record Signalled(int signal) implements ExecOutcome {}

    /**
     * It never began.
     *
     * @param stage what the agent was at
     * @param errno Linux' number, as in 2 for «no such file»; it comes from the guest and may be any number
     */
    record NotStarted(Stage stage, int errno) implements ExecOutcome {
        /** A sentence for the one who asked. */
        public String text() {
            return stage.text + ": " + Errno.text(errno);
        }
    }

    /** The steps towards a running command that can fail. */
    enum Stage {
        RESOURCES("the guest has no room for another command"),
        USER("the user or group is not known in the image"),
        DIRECTORY("the working directory cannot be entered"),
        EXECUTE("the program cannot be executed"),
        REQUEST("the agent does not understand the request");

        private final String text;

        Stage(String text) {
            this.text = text;
        }
    }
}
