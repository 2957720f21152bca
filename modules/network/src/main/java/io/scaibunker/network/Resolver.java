package io.scaibunker.network;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.resolver.HostsFileEntriesResolver;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Asks the host's nameservers. Keeps nothing: whose bunker asked first is nobody's to find out. */
final class Resolver implements AutoCloseable {
    private static final long PATIENCE_MS = 3_000;
    private static final int QUESTIONS_MAX = 8;

    /** The host's own file of names is none of a bunker's business. */
    private static final HostsFileEntriesResolver NO_FILE = (name, types) -> null;

    private final EventLoopGroup loop;
    private final DnsNameResolver names;

    private Resolver(EventLoopGroup loop, DnsNameResolver names) {
        this.loop = loop;
        this.names = names;
    }

    /** @param servers empty: those of the host */
    static Resolver open(List<InetSocketAddress> servers) {
        var loop = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("bunker-names", true), NioIoHandler.newFactory());
        var names = new DnsNameResolverBuilder(loop.next())
                .datagramChannelType(NioDatagramChannel.class)
                .socketChannelType(NioSocketChannel.class)
                .nameServerProvider(
                        servers.isEmpty()
                                ? DnsServerAddressStreamProviders.platformDefault()
                                : new SequentialDnsServerAddressStreamProvider(servers))
                .resolvedAddressTypes(ResolvedAddressTypes.IPV4_ONLY)
                .hostsFileEntriesResolver(NO_FILE)
                .resolveCache(NoopDnsCache.INSTANCE)
                .cnameCache(NoopDnsCnameCache.INSTANCE)
                .searchDomains(List.of())
                .queryTimeoutMillis(PATIENCE_MS)
                .maxQueriesPerResolve(QUESTIONS_MAX)
                .build();
        return new Resolver(loop, names);
    }

    /** Where the nameservers of bunkers live, too. */
    EventLoopGroup loop() {
        return loop;
    }

    /** Follows aliases. The records are the caller's to release. */
    Future<List<DnsRecord>> ask(DnsQuestion question) {
        return names.resolveAll(question);
    }

    @Override
    public void close() {
        names.close();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
