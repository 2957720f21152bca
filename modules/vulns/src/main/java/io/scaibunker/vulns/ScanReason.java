package io.scaibunker.vulns;

/** Why a scan did not pass. All but the first say that nothing is known, not that something is wrong with the image. */
public enum ScanReason {
    /** Vulnerabilities at or above the threshold. */
    FINDINGS,
    /** There are no advisories for an ecosystem of the image. */
    DB_MISSING,
    /** The advisories cannot be read. */
    DB_CORRUPT,
    /** The advisories are older than the policy allows. */
    DB_STALE,
    /** A distribution for which nothing is known. */
    UNSUPPORTED_OS,
    /** An rpm database of a kind that cannot be read. */
    RPMDB_FORMAT,
    /** Something in the image that tells of packages could not be read. */
    INVENTORY_INCOMPLETE,
    /** The image holds no packages that anybody knows of, and the policy wants some. */
    NO_PACKAGES,
    /** Beyond a bound. */
    TOO_LARGE,
    /** The program that should scan is not there. */
    SCANNER_MISSING,
    /** The program that should scan failed. */
    SCANNER_FAILED,
    /** The program that should scan took too long. */
    TIMEOUT,
    /** The program that should scan gave something that proves nothing. */
    BAD_OUTPUT,
    /** An error of this library. */
    INTERNAL
}
