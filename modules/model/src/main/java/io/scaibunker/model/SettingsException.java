package io.scaibunker.model;

import java.util.List;

/** The configuration cannot be used. The message has one line for each problem, all of them at once. */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SettingsException(List<String> problems) {
        super(String.join("\n", problems));
    }
}
