/**
 * What an image holds, what is known to be wrong with it, and the verdict.
 *
 * <p>A verdict is made of three things that change at different times: what the image holds never changes, what is known about
 * vulnerabilities changes daily, what one minds is policy. So they are kept apart:
 *
 * <pre>
 *   the baked ext4 ─► ImageInventory ─► Inventory ─┐        (once, at the bake; kept as InventoryJson, shown as BillOfMaterials)
 *                                                  ├─► Scanner ─► ScanOutcome ─► Verdict ─► ScanReport
 *   OSV records ─► AdvisoryDatabase ─► Snapshot ───┘              + Policy + time
 * </pre>
 *
 * <p><b>The silent pass.</b> The worst a scanner can do is to say «clean» when it did not look. So absence of findings proves nothing
 * here. {@link io.scaibunker.vulns.Verdict#of} is the only place that decides, it is a pure function, and its one way to «passed» asks for:
 * a scan that went through, advisories for every ecosystem and release found, no gap in the inventory, no database that is empty or too
 * old, and no finding that the policy minds. Whatever could not be read is a {@link io.scaibunker.vulns.Inventory.Gap}; whatever broke is a
 * {@link io.scaibunker.vulns.ScanOutcome.Broken}; neither can be turned into anything but «failed», with a {@link
 * io.scaibunker.vulns.ScanReason} that tells it from findings.
 *
 * <p><b>The inventory</b> is read in one pass over the files that a bunker will see, in any order. Packages of the
 * system are known by the names and versions of their sources, as distributions publish advisories; packages of languages that a package
 * of the system brought are left to that package, for distributions repair without changing the version that the language knows. All
 * of it is a stranger's: sizes, counts, depths and inflated bytes are bounded, no link is followed, no page of a database is visited twice,
 * and no native code sees any of it.
 *
 * <p><b>The advisories</b> are OSV records in osv-scanner's layout, one folder an ecosystem. They are compiled when first asked for: ranges
 * become {@link io.scaibunker.vulns.Span spans} by the evaluation that OSV's schema prescribes, listed versions that a span has anyway are
 * dropped, and what is alike is shared, so that a million affected packages take some 150 MB. When files change, the next snapshot is of
 * the new ones; who works with an old one goes on with it.
 *
 * <p><b>Versions</b> are compared by each ecosystem's own rules ({@link io.scaibunker.vulns.VersionOrder}), in orders that are total and
 * never throw. They are written here, but for Maven's, because the libraries at hand throw on odd versions or order pre-releases wrongly.
 *
 * <p><b>Severity</b> comes from whoever knows the package best: the distribution's own word for it, the first word of an erratum, the
 * database's word, then CVSS 4, 3, 2, and at last what other records say of the same vulnerability. {@link io.scaibunker.vulns.Rating}
 * says which it was. What nobody rates is unknown, is counted apart, and trips no threshold.
 *
 * <p><b>Other scanners</b>, {@link io.scaibunker.vulns.TrivyScanner} and {@link io.scaibunker.vulns.GrypeScanner}, stand behind the same {@link
 * io.scaibunker.vulns.Scanner}. They are given the bill of materials, never the files, and held to account by the inventory: one that does
 * not see the system of an image that has one is not believed. There is no falling back from one scanner to another.
 */
@NullMarked
package io.scaibunker.vulns;

import org.jspecify.annotations.NullMarked;
