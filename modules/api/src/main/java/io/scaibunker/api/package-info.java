/**
 * The control room that speaks HTTP, and the only one that knows the envelope.
 *
 * <pre>
 * HTTP  ── HttpDoor ──┐                       ┌── ImageOperations, GroupOperations, WorkerOperations …
 *                     ├── Reception ──────────┤        (caller, checked request) → Reply
 * bus   ── BusDoor ───┘   who? may they?      └── store (rows), bus (nudges; one question: who takes this bunker?)
 *                         is it well formed?
 *                         was it asked before?
 * </pre>
 *
 * <p>{@code openapi.yaml} is the contract: routes, bus addresses, needed permissions and the checks of every request are
 * made from it, and start-up fails when it names an operation that nobody serves. So an operation is the same whether
 * it comes over HTTP or over the bus, and cannot be reached around its checks.
 *
 * <p>Writes {@code images}, {@code availability_groups}, {@code tenants}, {@code users}, {@code api_keys},
 * {@code registry_credentials}, {@code idempotency_keys}; inserts {@code image_cache} and {@code scans}; sets
 * {@code bunkers.intent} and {@code workers.intent}. It commits, then nudges. It never retries: callers and rooms do. Nothing
 * is left behind if it dies: what was committed is found by the other rooms' sweeps, what was not was not answered. A
 * request that carried an {@code Idempotency-Key} may be sent again.
 */
@NullMarked
package io.scaibunker.api;

import org.jspecify.annotations.NullMarked;
