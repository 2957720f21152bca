package io.scaibunker.oci;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** One {@code WWW-Authenticate} header: how a registry wants to be convinced. */
record Challenge(String scheme, Map<String, String> parameters) {
    private static final int LONGEST_HEADER = 8 << 10;
    private static final Pattern PARAMETER =
            Pattern.compile("([A-Za-z0-9_-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*+)\"|([^\\s,\"]*+))");

    /** The first header of this scheme; registries send one challenge a header. */
    static Optional<Challenge> find(String scheme, List<String> headers) {
        return headers.stream()
                .filter(header -> header.length() <= LONGEST_HEADER)
                .map(Challenge::parse)
                .filter(challenge -> challenge.scheme.equals(scheme))
                .findFirst();
    }

    private static Challenge parse(String header) {
        var text = header.strip();
        var space = text.indexOf(' ');
        var scheme = (space < 0 ? text : text.substring(0, space)).toLowerCase(Locale.ROOT);
        var parameters = new HashMap<String, String>();
        var matcher = PARAMETER.matcher(space < 0 ? "" : text.substring(space));
        while (matcher.find()) {
            var quoted = Optional.ofNullable(matcher.group(2)).map(value -> value.replaceAll("\\\\(.)", "$1"));
            var value = quoted.or(() -> Optional.ofNullable(matcher.group(3))).orElse("");
            parameters.putIfAbsent(matcher.group(1).toLowerCase(Locale.ROOT), value);
        }
        return new Challenge(scheme, Map.copyOf(parameters));
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
    }
}
