package io.scaibunker.network;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsResponse;
import io.netty.handler.codec.dns.DnsQuery;
import io.netty.handler.codec.dns.TcpDnsQueryDecoder;
import io.netty.handler.codec.dns.TcpDnsResponseEncoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The doors at which one bunker asks for names, on the host's end of its link; what is answered is {@link Answers}' to say. */
final class NameServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NameServer.class);
    private static final int PORT = 53;
    private static final int CONNECTIONS_WAITING = 8;
    private static final int CONNECTIONS_MAX = 16;
    private static final int PATIENCE_S = 10;

    private final Channel datagrams;
    private final Channel connections;

    private NameServer(Channel datagrams, Channel connections) {
        this.datagrams = datagrams;
        this.connections = connections;
    }

    static NameServer open(Link link, Rules rules, NetworkSettings settings, Resolver resolver, OpenedHosts hosts)
            throws IOException {
        return open(
                new InetSocketAddress(link.host(), PORT),
                link.inside(),
                new Answers(rules, settings, resolver, hosts),
                resolver);
    }

    private static NameServer open(InetSocketAddress at, String client, Answers answers, Resolver resolver)
            throws IOException {
        var datagrams = new Bootstrap()
                .group(resolver.loop())
                .channel(NioDatagramChannel.class)
                .handler(new ChannelInitializer<NioDatagramChannel>() {
                    @Override
                    protected void initChannel(NioDatagramChannel channel) {
                        channel.pipeline()
                                .addLast(
                                        new DatagramDnsQueryDecoder(),
                                        new DatagramDnsResponseEncoder(),
                                        new Datagrams(client, answers));
                    }
                })
                .bind(at)
                .awaitUninterruptibly();
        var places = new Semaphore(CONNECTIONS_MAX);
        var connections = new ServerBootstrap()
                .group(resolver.loop())
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, CONNECTIONS_WAITING)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline()
                                .addLast(
                                        new TcpDnsQueryDecoder(),
                                        new TcpDnsResponseEncoder(),
                                        new Connection(answers, places));
                    }
                })
                .bind(at)
                .awaitUninterruptibly();
        var server = new NameServer(datagrams.channel(), connections.channel());
        var failure = datagrams.isSuccess() ? connections.cause() : datagrams.cause();
        if (failure != null) {
            server.close();
            throw new IOException("names cannot be answered at " + at + ": " + failure.getMessage(), failure);
        }
        return server;
    }

    @Override
    public void close() {
        datagrams.close().awaitUninterruptibly();
        connections.close().awaitUninterruptibly();
    }

    private static final class Datagrams extends SimpleChannelInboundHandler<DatagramDnsQuery> {
        private final String client;
        private final Answers answers;

        Datagrams(String client, Answers answers) {
            this.client = client;
            this.answers = answers;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramDnsQuery query) {
            var from = query.sender();
            if (from.getAddress().getHostAddress().equals(client)) {
                answers.give(
                        query,
                        true,
                        new DatagramDnsResponse(query.recipient(), from, query.id()),
                        context::writeAndFlush);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            log.debug("a question for a name could not be read", cause);
        }
    }

    /** One question a connection is asked often enough. */
    private static final class Connection extends SimpleChannelInboundHandler<DnsQuery> {
        private final Answers answers;
        private final Semaphore places;

        Connection(Answers answers, Semaphore places) {
            this.answers = answers;
            this.places = places;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (places.tryAcquire()) {
                context.channel().closeFuture().addListener(closed -> places.release());
                context.executor().schedule(() -> context.close(), PATIENCE_S, TimeUnit.SECONDS);
            } else {
                context.close();
            }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, DnsQuery query) {
            answers.give(
                    query,
                    false,
                    new DefaultDnsResponse(query.id()),
                    response -> context.writeAndFlush(response).addListener(written -> context.close()));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            log.debug("a question for a name could not be read", cause);
            context.close();
        }
    }
}
