/**
 * The room that keeps cache rows equal to what the availability groups ask for.
 *
 * <p>Wanted is every pair (active image, worker of a group that covers it). The api inserts the rows of a new image
 * itself, in the registering transaction, so that the first answer can count them; everything else that makes a pair
 * appear or vanish (a worker that joins, a group that changes behind a lost nudge, an image retired) is found by
 * {@link io.scaibunker.fanout.ImageFanout#drain}. The room never calls a worker to work: it nudges, the worker asks what
 * is wanted of it, makes it so, and reports until the report is taken.
 *
 * <p><b>Claims</b> nothing: every round is a few statements that are right however often and wherever they run.
 * <b>Writes</b> {@code image_cache}, {@code artifacts}, {@code images.manifest_digest} and {@code fingerprint}.
 * <b>Nudges</b> workers. <b>If it dies</b> at any point, rows that were written stay true, nudges that were not sent are
 * sent by the next round of any node, and workers repeat reports that nobody took.
 */
@NullMarked
package io.scaibunker.fanout;

import org.jspecify.annotations.NullMarked;
