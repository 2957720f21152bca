package io.scaibunker.api;

import io.scaibunker.bus.ExecCommand;
import io.scaibunker.bus.ExecEnd;
import io.scaibunker.bus.ExecOutput;
import io.scaibunker.bus.LiveCall;
import io.scaibunker.model.ErrorCode;
import io.scaibunker.model.PlatformException;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Files in bunkers. The guest's own agent reads and writes them as the user; here bytes pass by, a window of them at a time,
 * whatever the size of the file.
 */
final class FileOperations {
    private static final Duration TIMEOUT = Duration.ofHours(1);
    private static final Duration SHORT_TIMEOUT = Duration.ofMinutes(1);
    private static final int LISTING_BYTES_MAX = 4 << 20;
    private static final int LISTING_ENTRIES_MAX = 10_000;

    private static final int NOT_PERMITTED = 1;
    private static final int NO_SUCH_FILE = 2;
    private static final int ACCESS_DENIED = 13;
    private static final int INVALID = 22;
    private static final int READ_ONLY = 30;

    private final LiveBunkers bunkers;

    FileOperations(LiveBunkers bunkers) {
        this.bunkers = bunkers;
    }

    void enrol(Map<String, Operation> operations) {
        operations.put("listBunkerFiles", this::list);
        operations.put("deleteBunkerFile", this::delete);
    }

    void enrolLive(Map<String, LiveOperation> operations) {
        operations.put("getBunkerFile", this::get);
        operations.put("putBunkerFile", this::put);
    }

    private Future<Reply> list(Request request) {
        BoundedOutput output = new BoundedOutput(LISTING_BYTES_MAX);
        return work(request, "list", SHORT_TIMEOUT, output)
                .compose(call -> {
                    call.finishInput();
                    return done(request, call);
                })
                .map(end -> entries(output));
    }

    private static Reply entries(BoundedOutput output) {
        String text = output.stdoutText();
        // The last record is whole only if its zero came, too. A name may hold all but a zero.
        String whole = text.substring(0, text.lastIndexOf('\0') + 1);
        List<JsonObject> entries = Arrays.stream(whole.split("\0"))
                .limit(whole.isEmpty() ? 0 : LISTING_ENTRIES_MAX)
                .map(FileRecord::parse)
                .sorted(Comparator.comparing(FileRecord::name))
                .map(FileRecord::view)
                .toList();
        boolean cut = output.stdoutTruncated() || entries.size() >= LISTING_ENTRIES_MAX;
        return Reply.ok(new JsonObject().put("entries", new JsonArray(entries)).put("truncated", cut));
    }

    private Future<Reply> delete(Request request) {
        String order = request.query("recursive").filter("true"::equals).isPresent() ? "delete-all" : "delete";
        return work(request, order, SHORT_TIMEOUT, ExecOutput.NONE)
                .compose(call -> {
                    call.finishInput();
                    return done(request, call);
                })
                .map(end -> Reply.ok(new JsonObject().put("path", path(request))));
    }

    private Future<Optional<Reply>> get(Request request, HttpServerRequest http) {
        Download download = new Download(http.response());
        return work(request, "get", TIMEOUT, download).compose(call -> {
            download.begin(call);
            call.finishInput();
            return done(request, call).map(end -> download.end()).recover(download::failed);
        });
    }

    private Future<Optional<Reply>> put(Request request, HttpServerRequest http) {
        Upload upload = new Upload(http);
        return work(request, "put", TIMEOUT, ExecOutput.NONE).compose(call -> {
            upload.begin(call);
            return done(request, call)
                    .map(end -> Optional.of(
                            Reply.ok(new JsonObject().put("path", path(request)).put("size", upload.size()))));
        });
    }

    private Future<LiveCall> work(Request request, String order, Duration timeout, ExecOutput output) {
        String user = LiveBunkers.user(request.caller(), request.query("user"));
        return bunkers.open(
                request, bunker -> ExecCommand.file(bunker.id(), order, path(request), user, timeout), output);
    }

    private static String path(Request request) {
        return request.query("path").orElseThrow();
    }

    private static Future<ExecEnd> done(Request request, LiveCall call) {
        request.gone().onComplete(gone -> call.cancel());
        return call.end().map(end -> {
            if (end.exitCode() != 0) {
                throw failure(end, path(request));
            }
            return end;
        });
    }

    private static PlatformException failure(ExecEnd end, String path) {
        String why = end.timedOut() ? "it took too long" : end.notStarted();
        String text = Allowed.shorten(path) + ": " + (why.isEmpty() ? "it was ended" : why);
        return switch (end.signal() == 0 ? end.exitCode() : 0) {
            case NO_SUCH_FILE -> new PlatformException(ErrorCode.FILE_NOT_FOUND, text);
            case NOT_PERMITTED, ACCESS_DENIED, READ_ONLY -> new PlatformException(ErrorCode.FILE_ACCESS_DENIED, text);
            case INVALID -> Request.invalid("path", text + " (expected: a regular file or a directory)");
            default -> new PlatformException(ErrorCode.FILE_CONFLICT, text);
        };
    }
}
