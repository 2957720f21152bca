package io.scaibunker.network;

import io.scaibunker.model.Ipv4Network;
import java.util.List;
import java.util.stream.Collectors;

/** The words for {@code nft}: what a namespace lets through, and what the host does between namespaces and the world. */
final class Filter {
    static final String TABLE = "scaibunker";

    /** Of one bunker, at once: more are refused, so that none fills the host's table of connections. */
    private static final int CONNECTIONS_MAX = 4096;

    /** Addresses that one bunker's names have led to and that may still be kept: more push nobody out, they are not opened. */
    static final int ADDRESSES_MAX = 4096;

    private static final String REFUSE = "reject with icmp type admin-prohibited";

    private Filter() {}

    /** The table of a bunker's namespace. */
    static String ofBunker(Rules rules, Link link, NetworkSettings settings) {
        return """
                table inet %s
                delete table inet %s
                table inet %s {
                  set private { type ipv4_addr; flags interval; auto-merge; %s }
                  set never { type ipv4_addr; flags interval; auto-merge; %s }
                  set hosts { type ipv4_addr; flags timeout; size %d; }
                  set services { type ipv4_addr . inet_service; flags timeout; size %d; }
                  chain names {
                    type nat hook prerouting priority dstnat;
                    iifname "%s" meta nfproto ipv4 meta l4proto { tcp, udp } th dport 53 dnat ip to %s
                  }
                  chain forward {
                    type filter hook forward priority filter; policy drop;
                    ct state established,related accept
                    iifname != "%s" drop
                    meta nfproto != ipv4 drop
                    ip saddr != %s drop
                    ct state new ct count over %d drop
                    ip daddr %s meta l4proto { tcp, udp } th dport 53 accept
                    ip daddr @never ip daddr != @private %s
                %s    %s
                  }
                  chain clamp { type filter hook forward priority mangle; tcp flags syn tcp option maxseg size set rt mtu; }
                  chain input {
                    type filter hook input priority filter; policy drop;
                    iifname "%s" icmp type echo-request accept
                    reject with icmpx type admin-prohibited
                  }
                  chain output { type filter hook output priority filter; policy drop; ct state established,related accept; }
                  chain source { type nat hook postrouting priority srcnat; oifname "%s" masquerade; }
                }
                """.formatted(
                        TABLE,
                        TABLE,
                        TABLE,
                        elements(settings.privates()),
                        elements(Ipv4Network.NOT_PUBLIC),
                        ADDRESSES_MAX,
                        ADDRESSES_MAX,
                        Link.TAP,
                        link.host(),
                        Link.TAP,
                        Link.GUEST,
                        CONNECTIONS_MAX,
                        link.host(),
                        REFUSE,
                        allowed(rules),
                        REFUSE,
                        Link.TAP,
                        Link.UP);
    }

    private static String allowed(Rules rules) {
        if (rules.everything()) {
            return "    accept\n";
        }
        var fixed = rules.allowed().stream()
                .flatMap(rule -> rule.network().stream()
                        .map(network -> rule.port() == 0
                                ? "    ip daddr " + network + " accept\n"
                                : "    ip daddr " + network + " meta l4proto { tcp, udp } th dport " + rule.port()
                                        + " accept\n"))
                .collect(Collectors.joining());
        return fixed
                + "    ip daddr @hosts accept\n    meta l4proto { tcp, udp } ip daddr . th dport @services accept\n";
    }

    private static String elements(List<Ipv4Network> networks) {
        return networks.isEmpty()
                ? ""
                : "elements = { " + networks.stream().map(Ipv4Network::toString).collect(Collectors.joining(", "))
                        + " }";
    }

    /**
     * The host's own table; several workers of one host make the same one. It is made anew in one go, without a moment in
     * which it is not there.
     *
     * @param router whether the host forwarded before it had bunkers; if not, it goes on to forward for nobody else
     */
    static String ofHost(Ipv4Network pool, boolean router) {
        return """
                add table inet %1$s
                add set inet %1$s pools { type ipv4_addr; flags interval; auto-merge; }
                add element inet %1$s pools { %2$s }
                add chain inet %1$s input { type filter hook input priority -10; policy accept; }
                add chain inet %1$s forward { type filter hook forward priority -10; policy accept; }
                add chain inet %1$s source { type nat hook postrouting priority srcnat; }
                flush chain inet %1$s input
                flush chain inet %1$s forward
                flush chain inet %1$s source
                add rule inet %1$s input iifname != "%3$s*" accept
                add rule inet %1$s input ip daddr @pools meta l4proto { tcp, udp } th dport 53 accept
                add rule inet %1$s input ct state established,related accept
                add rule inet %1$s input reject with icmpx type admin-prohibited
                add rule inet %1$s forward iifname "%3$s*" oifname "%3$s*" drop
                add rule inet %1$s forward iifname "%3$s*" ip saddr != @pools drop
                add rule inet %1$s forward iifname "%3$s*" accept
                add rule inet %1$s forward oifname "%3$s*" ct state established,related accept
                add rule inet %1$s forward oifname "%3$s*" drop
                %4$s
                add rule inet %1$s source ip saddr @pools oifname != "%3$s*" masquerade
                """.formatted(TABLE, pool, Link.HOST_PREFIX, router ? "" : "add rule inet " + TABLE + " forward drop");
    }
}
