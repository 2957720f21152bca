/**
 * The pages for browsers: the console at {@code /console} and the API's documentation at {@code /docs}.
 *
 * <p>They are files beside this package, written by hand: HTML, CSS and ES modules as browsers read them, without a framework
 * and without a build. {@link io.scaibunker.console.Pages} reads them once; the api room serves them. They know nothing of the
 * server but its public API, and load nothing from anywhere else. How they are made is told in {@code modules/console/README.md}.
 */
@NullMarked
package io.scaibunker.console;

import org.jspecify.annotations.NullMarked;
