package io.scaibunker.vulns;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One vulnerability in one source package of an image.
 *
 * @param id the CVE if there is one, else the advisory's own name
 * @param aliases the other names of the same, sorted
 * @param ecosystem of the package, with its release
 * @param packageName the first by name of the packages in the image that come from the source
 * @param source the source package
 * @param installed its version
 * @param fixed the version that repairs it, null as long as there is none
 * @param rating how bad, and who says so
 * @param path of the file that told of the package, without a leading slash
 */
public record Finding(
        String id,
        List<String> aliases,
        String ecosystem,
        String packageName,
        String source,
        String installed,
        @Nullable String fixed,
        Rating rating,
        String path) {
    boolean named(String vulnerability) {
        return id.equals(vulnerability) || aliases.contains(vulnerability);
    }
}
