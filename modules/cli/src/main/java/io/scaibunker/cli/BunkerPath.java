package io.scaibunker.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A place inside a bunker, as {@code BUNKER:/PATH}.
 *
 * @param path absolute
 */
record BunkerPath(String bunker, String path) {
    /** Whether a text names a place in a bunker, and not a file here: {@code ./a:/b} is one here. */
    static boolean isOne(String text) {
        var colon = text.indexOf(':');
        return colon > 0 && text.startsWith("/", colon + 1) && text.indexOf('/') > colon;
    }

    static BunkerPath parse(String text) {
        if (!isOne(text)) {
            throw new UsageException("'" + text + "' is not of the form BUNKER:/PATH");
        }
        var colon = text.indexOf(':');
        return new BunkerPath(text.substring(0, colon), text.substring(colon + 1));
    }

    /** With a name, where it is said to be a directory: {@code box:/srv/}. */
    BunkerPath named(String name) {
        return path.endsWith("/") ? new BunkerPath(bunker, path + name) : this;
    }

    static final class Converter implements ITypeConverter<BunkerPath> {
        @Override
        public BunkerPath convert(String text) {
            try {
                return parse(text);
            } catch (UsageException wrong) {
                throw new TypeConversionException(String.valueOf(wrong.getMessage()));
            }
        }
    }
}
