package io.scaibunker.oci;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one blob into a directory: goes on where a connection broke, starts over where the bytes were wrong, asks the next endpoint
 * where one fails for good. */
final class BlobDownload {
    private static final Logger LOG = LoggerFactory.getLogger(BlobDownload.class);
    private static final Set<SourceException.Reason> WORTH_ANOTHER_TRY = Set.of(
            SourceException.Reason.CORRUPT, SourceException.Reason.UNREACHABLE, SourceException.Reason.RATE_LIMITED);

    private final List<RegistryEndpoint> endpoints;
    private final Retrying retrying;
    private final Layer layer;
    private final ByteProgress progress;

    BlobDownload(List<RegistryEndpoint> endpoints, Retrying retrying, Layer layer, ByteProgress progress) {
        this.endpoints = endpoints;
        this.retrying = retrying;
        this.layer = layer;
        this.progress = progress;
    }

    Path into(BlobDir blobs) {
        try (var blob = blobs.begin(layer.digest(), layer.size())) {
            Runnable beat = () -> progress.bytes(blob.written(), layer.size());
            return Fallback.first(
                    endpoints,
                    endpoint ->
                            retrying.call(BlobDownload::isWorthAnotherTry, beat, () -> attempt(endpoint, blob, beat)));
        }
    }

    private static boolean isWorthAnotherTry(SourceException failure) {
        return WORTH_ANOTHER_TRY.contains(failure.reason())
                && (failure.mayPass() || failure.reason() == SourceException.Reason.CORRUPT);
    }

    private Path attempt(RegistryEndpoint endpoint, PartialBlob blob, Runnable beat) {
        if (blob.missing() == 0) {
            blob.startOver();
        }
        try {
            return receive(endpoint, blob, beat);
        } catch (SourceException failure) {
            // A blob that merely broke off keeps its good beginning; one that is long or wrong has none.
            if (failure.reason() == SourceException.Reason.CORRUPT && !failure.mayPass()) {
                blob.startOver();
            }
            throw failure;
        }
    }

    private Path receive(RegistryEndpoint endpoint, PartialBlob blob, Runnable beat) {
        var response = endpoint.blob(layer.digest(), blob.written(), beat);
        try (var body = response.body()) {
            if (blob.written() > 0 && !continues(response, blob.written())) {
                LOG.debug("{} sends {} from its start", endpoint.host(), layer.digest());
                blob.startOver();
            }
            checkLength(response, blob, endpoint);
            for (var bytes = body.next(beat); bytes != null; bytes = body.next(beat)) {
                blob.write(bytes);
                beat.run();
            }
            return blob.finish();
        }
    }

    private void checkLength(HttpResponse<?> response, PartialBlob blob, RegistryEndpoint endpoint) {
        var length = response.headers().firstValueAsLong("Content-Length").orElse(blob.missing());
        if (length != blob.missing()) {
            throw new SourceException(
                    SourceException.Reason.CORRUPT,
                    "blob " + layer.digest() + " has " + (blob.written() + length) + " bytes at " + endpoint.host()
                            + ", its manifest says " + layer.size());
        }
    }

    private static boolean continues(HttpResponse<?> response, long offset) {
        return response.statusCode() == 206
                && response.headers().firstValue("Content-Range").orElse("").startsWith("bytes " + offset + "-");
    }
}
