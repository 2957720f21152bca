package io.scaibunker.cli;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The platform said no, or nothing. */
final class ApiException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    private ApiException(int status, String code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
        this.code = code;
    }

    /** What an answer said, with all that helps: details, when to try again, whom to ask, what to do next. */
    static ApiException answered(
            int status, String code, String message, List<String> details, int retryAfter, String requestId) {
        var text = new StringBuilder(code).append(": ").append(message);
        details.stream()
                .filter(detail -> !detail.equals(message))
                .forEach(detail ->
                        text.append(System.lineSeparator()).append("  ").append(detail));
        if (retryAfter > 0) {
            text.append(System.lineSeparator())
                    .append("  it may help to try again in ")
                    .append(retryAfter)
                    .append(" s");
        }
        nextStep(code, details)
                .ifPresent(
                        next -> text.append(System.lineSeparator()).append("  ").append(next));
        if (!requestId.isEmpty()) {
            text.append(System.lineSeparator()).append("  request ").append(requestId);
        }
        return new ApiException(status, code, text.toString(), null);
    }

    /** What a stream of events ended with. */
    static ApiException ended(String code, String message) {
        var status = switch (code) {
            case "AUTH_TOKEN_MISSING", "AUTH_TOKEN_INVALID" -> 401;
            case "SERVICE_UNAVAILABLE", "INTERNAL" -> 503;
            default -> code.endsWith("_NOT_FOUND") ? 404 : 403;
        };
        return answered(status, code, message, List.of(), 0, "");
    }

    static ApiException silent(Context context, Throwable thrown) {
        var why = thrown.getMessage() == null ? thrown.getClass().getSimpleName() : thrown.getMessage();
        return new ApiException(
                0,
                "UNREACHABLE",
                context.url() + " does not answer: " + why + System.lineSeparator()
                        + "  is a node running there? scaibunker context ls shows where you are signed in",
                thrown);
    }

    private static java.util.Optional<String> nextStep(String code, List<String> details) {
        return java.util.Optional.ofNullable(
                switch (code) {
                    case "AUTH_TOKEN_MISSING", "AUTH_TOKEN_INVALID" -> "scaibunker login signs in again";
                    case "IMAGE_NOT_FOUND", "IMAGE_DEACTIVATED" -> "scaibunker image ls shows what there is";
                    case "IMAGE_NAME_TAKEN" -> "scaibunker image deactivate NAME makes the name free";
                    case "BUNKER_NOT_FOUND" -> "scaibunker bunker ls shows what there is";
                    case "WORKER_NOT_FOUND" -> "scaibunker worker ls shows what there is";
                    case "GROUP_NOT_FOUND" -> "scaibunker group ls shows what there is";
                    case "NO_SUITABLE_WORKER" ->
                        details.stream().anyMatch(reason -> reason.startsWith("copy_"))
                                ? "scaibunker image watch IMAGE shows where it is on its way"
                                : "scaibunker worker show WORKER shows how one stands and what it can do";
                    case "WORKER_UNAVAILABLE" -> "scaibunker worker ls shows what room there is";
                    default -> null;
                });
    }

    /** Of HTTP; 0 when there was no answer. */
    int status() {
        return status;
    }

    String code() {
        return code;
    }

    ExitCode exitCode() {
        return switch (status) {
            case 401, 403 -> ExitCode.DENIED;
            case 404 -> ExitCode.SOURCE_MISSING;
            case 422 -> ExitCode.USAGE;
            case 409, 413, 429 -> ExitCode.REFUSED;
            default ->
                "NO_SUITABLE_WORKER".equals(code) || "WORKER_UNAVAILABLE".equals(code)
                        ? ExitCode.REFUSED
                        : ExitCode.UNREACHABLE;
        };
    }
}
