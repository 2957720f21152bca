package io.scaibunker.bus;

/** Takes what a command writes, as text, as it comes. */
public interface CommandOutput {
    void stdout(String text);

    void stderr(String text);
}
