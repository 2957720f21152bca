package io.scaibunker.api;

import io.scaibunker.console.Page;
import io.scaibunker.console.Pages;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The pages for browsers, over HTTP. Whoever looks needs no key: they hold nothing that is not in the source. */
final class PageDoor {
    /** Where pages are looked for. */
    static final List<String> PATHS = List.of("/console", "/console/*", "/docs", "/docs/*");

    private final Pages pages;

    PageDoor(Pages pages) {
        this.pages = pages;
    }

    /** @return false: there is no such page, nothing was answered */
    boolean answer(HttpServerRequest request, String path) {
        boolean reads = request.method() == HttpMethod.GET || request.method() == HttpMethod.HEAD;
        Optional<Page> found = reads ? pages.at(path) : Optional.empty();
        found.ifPresent(page -> send(request, page));
        return found.isPresent();
    }

    private static void send(HttpServerRequest request, Page page) {
        HttpServerResponse response = request.response();
        Pages.HEADERS.forEach(response::putHeader);
        // Always asked for again, seldom sent again: a new release shows at once.
        response.putHeader("X-Request-Id", RequestIds.of(request.getHeader("X-Request-Id")))
                .putHeader("Cache-Control", "no-cache")
                .putHeader("ETag", page.tag())
                .putHeader("Vary", "Accept-Encoding");
        if (names(request.getHeader("If-None-Match"), page.tag())) {
            end(request, response.setStatusCode(304).end());
            return;
        }
        boolean packed = page.isPacked() && names(request.getHeader("Accept-Encoding"), "gzip");
        if (packed) {
            response.putHeader("Content-Encoding", "gzip");
        }
        byte[] content = packed ? page.packed() : page.plain();
        response.putHeader("Content-Type", page.type()).putHeader("Content-Length", "" + content.length);
        end(request, request.method() == HttpMethod.HEAD ? response.end() : response.end(Buffer.buffer(content)));
    }

    private static boolean names(@Nullable String header, String word) {
        return header != null
                && Arrays.stream(header.split(","))
                        .map(part -> part.replaceFirst(";.*", "")
                                .replaceFirst("^\\s*W/", "")
                                .strip())
                        .anyMatch(word::equals);
    }

    private static void end(HttpServerRequest request, Future<Void> ended) {
        ended.onFailure(gone -> request.connection().close());
    }
}
