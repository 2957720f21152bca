package io.scaibunker.model;

/**
 * What kind of trouble an {@link ErrorCode} is. The kind decides the HTTP status, who tries again, and how loud the log
 * is; nothing else does.
 */
public enum Kind {
    /** The request is wrong in itself: 422. The caller changes it. */
    INVALID(422),
    /** The caller is not known: 401. */
    UNAUTHENTICATED(401),
    /** The caller may not: 403. */
    DENIED(403),
    /** There is no such thing, or none that the caller may see: 404. */
    NOT_FOUND(404),
    /** It is right in itself and stands against how things are: 409. */
    CONFLICT(409),
    /** A bound of the caller's own is reached (quota): 429. */
    EXHAUSTED(429),
    /** The platform has no room or is not ready now: 503 with {@code retry_after}. */
    UNAVAILABLE(503),
    /** Something beyond the platform failed (registry, database, microVM): 502. Rooms try again, with growing pauses. */
    UPSTREAM(502),
    /** A mistake of ours: 500, no inner words to the client. */
    BUG(500);

    private final int httpStatus;

    Kind(int httpStatus) {
        this.httpStatus = httpStatus;
    }

    public int httpStatus() {
        return httpStatus;
    }
}
