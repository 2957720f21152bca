/**
 * Tests alone: the console and the API's documentation in Debian's Chromium, on a node with everything real. They have a
 * module of their own, so that nothing else needs what drives a browser.
 */
@NullMarked
package io.scaibunker.browser;

import org.jspecify.annotations.NullMarked;
