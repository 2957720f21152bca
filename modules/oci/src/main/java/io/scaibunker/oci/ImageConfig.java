package io.scaibunker.oci;

import java.util.List;
import java.util.Map;

/**
 * What an image says about how it wants to run; a bunker may follow it. Empty where the image is silent.
 *
 * @param env {@code NAME=value}, in the image's order
 * @param workdir absolute path, or empty
 * @param user {@code user[:group]}, names or numbers, or empty
 * @param entrypoint argv prefix
 * @param cmd default arguments
 * @param labels free text of the image's maker
 */
public record ImageConfig(
        List<String> env,
        String workdir,
        String user,
        List<String> entrypoint,
        List<String> cmd,
        Map<String, String> labels) {
    /** Of a bare root file system. */
    public static final ImageConfig NONE = new ImageConfig(List.of(), "", "", List.of(), List.of(), Map.of());

    public ImageConfig {
        env = List.copyOf(env);
        entrypoint = List.copyOf(entrypoint);
        cmd = List.copyOf(cmd);
        labels = Map.copyOf(labels);
    }
}
