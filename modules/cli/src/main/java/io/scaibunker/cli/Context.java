package io.scaibunker.cli;

import java.net.URI;

/**
 * A platform, and as whom one calls it.
 *
 * @param url of the API: scheme, host and port
 * @param key the API key; never printed
 */
record Context(String name, URI url, String key) {
    @Override
    public String toString() {
        return name + " (" + url + ")";
    }
}
