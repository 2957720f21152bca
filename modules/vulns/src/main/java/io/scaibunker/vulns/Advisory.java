package io.scaibunker.vulns;

import java.util.List;

/**
 * One advisory, in the little that matching and reporting need.
 *
 * @param id its own
 * @param same other names of the very same vulnerability: aliases, the CVE that a distribution's record wraps
 * @param covers the CVEs of a bundle, an erratum for several; empty for all else
 * @param rating what it says of its severity itself
 */
record Advisory(String id, List<String> same, List<String> covers, Rating rating) {}
