package io.scaibunker.node;

import io.scaibunker.model.Settings;
import java.util.Locale;

/** How loud and in which form the node speaks on its standard output. */
record LogConfig(Format format, Level level, boolean requests) {
    /** Lines for people, or one JSON object a line for collectors. */
    enum Format {
        TEXT,
        JSON
    }

    enum Level {
        DEBUG,
        INFO,
        WARN,
        ERROR
    }

    static LogConfig from(Settings all) {
        var settings = all.under("log.");
        return new LogConfig(
                settings.choice("format", Format.TEXT),
                settings.choice("level", Level.INFO),
                settings.flag("requests", false));
    }

    /** Must be called before anything is logged: the log system reads these once. */
    void apply() {
        System.setProperty("scaibunker.log.format", format.name().toLowerCase(Locale.ROOT));
        System.setProperty("scaibunker.log.requests", requests ? "debug" : "off");
        System.setProperty("scaibunker.log.level", level.name().toLowerCase(Locale.ROOT));
    }
}
