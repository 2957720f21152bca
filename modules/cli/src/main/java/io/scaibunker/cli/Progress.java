package io.scaibunker.cli;

/** Told how far a command is, often and by the threads that work; must be quick. */
interface Progress {
    /** For who does not watch. */
    Progress NONE = new Progress() {
        @Override
        public void enter(String phase) {}

        @Override
        public void bytes(long done, long total) {}

        @Override
        public void end() {}
    };

    void enter(String phase);

    /** @param total -1 where nobody knows */
    void bytes(long done, long total);

    /** Nothing more will come; the terminal is given back clean. */
    void end();
}
