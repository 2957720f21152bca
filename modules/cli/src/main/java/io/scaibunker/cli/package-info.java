/**
 * The command line. What it does, it does by itself: no server is asked, so far.
 *
 * <p>{@code bake} is the worker's road without the worker: the same sources, the same writer, the same seed and times, and
 * so the same bytes.
 *
 * <pre>
 *   --source ─► ImageSource ─ resolve ─► layers ─ fetch ─► ImageWriter ─► --out ─► BakeResult as text or JSON
 *                              archives: into a directory beside --out, which goes at the end
 *                              registries: the same, or into --blobs, where they stay for the next bake
 *                              OCI layouts and root file systems: read where they lie, checked while being read
 * </pre>
 *
 * <p>Fetching and writing run side by side: a layer is opened when it is here, while the next one comes.
 *
 * <p>Who calls a command is trusted as to paths (they are its own), and image content is not: all bounds of the libraries
 * hold here, too. Whatever ends a command, Ctrl-C included, leaves nothing of it behind. What went wrong is one line on
 * standard error and an {@link io.scaibunker.cli.ExitCode}; results alone go to standard output.
 */
@NullMarked
package io.scaibunker.cli;

import org.jspecify.annotations.NullMarked;
