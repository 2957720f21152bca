/**
 * The command line: whatever the API can do, and what needs no server.
 *
 * <pre>
 *   image, group, worker, bunker, …  ─► Names (name → id) ─► Call ─► Api ─► the platform over HTTP
 *   image watch, --wait, events      ─► EventStream (resumes by itself) ─► ImageBoard ─► lines
 *   bake, scan, vulndb, image ls FILE: by themselves, no server is asked
 * </pre>
 *
 * <p>Each command says what it takes in picocli's annotations; {@code --help}, completion and the manual are made of these and of
 * nothing else. Results go to standard output in the form of {@code -o}: JSON and YAML are the API's own data, and stay; tables
 * are for people, and may change. All else goes to standard error, progress only where somebody watches. What a platform
 * answers is a stranger's text: it passes {@link io.scaibunker.cli.Text#plain} before it reaches a terminal, but for what
 * {@code exec} and {@code shell} hand through.
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
