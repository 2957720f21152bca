/** What an image holds, what is known to be wrong with it, and the verdict. */
@NullMarked
package io.scaibunker.vulns;

import org.jspecify.annotations.NullMarked;
