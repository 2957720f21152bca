/**
 * What a bunker may reach, and how it is held to that.
 *
 * <pre>
 *   guest ── tap0 │ namespace of its own │ up0 ═══ sbvN │ the host │ ── the internet
 *   10.0.0.2      │ filter, names, NAT   │              │ NAT      │
 * </pre>
 *
 * <p><b>A namespace each.</b> A bunker with a network has a network namespace of its own, named as the bunker, in which its
 * monitor runs. All of them use the same addresses inside; what tells them apart is a pair of devices with addresses of a
 * pool, whose name on the host says which of the pool's pairs is taken: the kernel refuses a second one of the same name, so
 * nothing has to be written down, and several workers on one host do not meet. What a killed worker left is found by its name.
 *
 * <p><b>Filter.</b> The namespace forwards what {@link io.scaibunker.network.Filter} says and drops everything else, also what
 * the monitor itself would send. No profile reaches the host, other bunkers, or an address that is not public
 * ({@link io.scaibunker.model.Ipv4Network#NOT_PUBLIC}), unless the operator has named it; so no cloud's metadata either. There
 * is no IPv6 in there.
 *
 * <p><b>Names.</b> Whatever nameserver the guest asks, {@link io.scaibunker.network.NameServer} of the worker answers. It gives
 * away nothing of names that the bunker's {@link io.scaibunker.network.Rules} do not allow, so that nothing can be told to the
 * outside by asking; and before the guest hears an address, the filter has been opened for it, for as long as the answer may be
 * kept. Connections that stand are not cut when that time is over.
 *
 * <p><b>Privilege.</b> All this needs root, {@code ip}, {@code nft} and {@code tc}; {@link io.scaibunker.network.Networks#probe} finds
 * out by doing it once. Where it does not work, a worker offers {@code isolated} alone: a machine without any network device.
 */
@NullMarked
package io.scaibunker.network;

import org.jspecify.annotations.NullMarked;
