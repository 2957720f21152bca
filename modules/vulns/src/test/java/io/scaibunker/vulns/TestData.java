package io.scaibunker.vulns;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;

/** Data that lies beside the checkout where it lies at all; tests of it are skipped elsewhere. */
final class TestData {
    private TestData() {}

    static Path at(String path) {
        for (var folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            var found = folder.resolve("shared/data").resolve(path);
            if (Files.exists(found)) {
                return found;
            }
        }
        System.out.println("skipped: there is no shared/data/" + path + " beside the checkout");
        assumeThat(false).as("shared/data/" + path + " beside the checkout").isTrue();
        throw new AssertionError();
    }

    static boolean tool(String name) {
        for (var folder : System.getenv("PATH").split(":")) {
            if (Files.isExecutable(Path.of(folder, name))) {
                return true;
            }
        }
        System.out.println("skipped: there is no " + name + " on this machine");
        return false;
    }
}
