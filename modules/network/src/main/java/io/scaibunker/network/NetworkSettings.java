package io.scaibunker.network;

import io.scaibunker.model.AllowRule;
import io.scaibunker.model.Ipv4Network;
import io.scaibunker.model.Settings;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Function;

/**
 * How bunkers are connected on this host.
 *
 * @param pool addresses of the links between the host and its bunkers, two each; nobody else's
 * @param privates networks that are not public and may be reached nevertheless, where a bunker's rules say so
 * @param registries what profile {@code registry} may reach
 * @param nameServers who is asked for names; empty: those that the host asks
 */
public record NetworkSettings(
        Ipv4Network pool, List<Ipv4Network> privates, List<AllowRule> registries, List<InetSocketAddress> nameServers) {
    private static final int DNS = 53;
    private static final int POOL_BITS_MAX = 30;
    private static final List<String> REGISTRIES = List.of(
            "*.docker.io:443",
            "*.docker.com:443",
            "ghcr.io:443",
            "*.githubusercontent.com:443",
            "quay.io:443",
            "*.quay.io:443",
            "gcr.io:443",
            "registry.k8s.io:443",
            "mcr.microsoft.com:443",
            "deb.debian.org:80",
            "deb.debian.org:443",
            "security.debian.org:80",
            "archive.ubuntu.com:80",
            "security.ubuntu.com:80",
            "dl-cdn.alpinelinux.org:443",
            "pypi.org:443",
            "files.pythonhosted.org:443",
            "registry.npmjs.org:443",
            "registry.yarnpkg.com:443",
            "rubygems.org:443",
            "index.rubygems.org:443",
            "crates.io:443",
            "index.crates.io:443",
            "static.crates.io:443",
            "proxy.golang.org:443",
            "sum.golang.org:443",
            "repo.maven.apache.org:443",
            "repo1.maven.org:443",
            "plugins.gradle.org:443",
            "api.nuget.org:443",
            "cran.r-project.org:443",
            "cloud.r-project.org:443");

    public NetworkSettings {
        privates = List.copyOf(privates);
        registries = List.copyOf(registries);
        nameServers = List.copyOf(nameServers);
    }

    /** Keys {@code network-*} of a worker. */
    public static NetworkSettings from(Settings settings) {
        return new NetworkSettings(
                read(settings, "network-pool", List.of("100.96.0.0/16"), NetworkSettings::pool)
                        .getFirst(),
                read(settings, "network-privates", List.of(), Ipv4Network::of),
                read(settings, "network-registries", REGISTRIES, AllowRule::parse),
                read(settings, "network-dns", List.of(), NetworkSettings::server));
    }

    private static <T> List<T> read(Settings settings, String key, List<String> fallback, Function<String, T> parse) {
        try {
            return settings.list(key, fallback).stream().map(parse).toList();
        } catch (IllegalArgumentException e) {
            settings.problem(key, String.valueOf(e.getMessage()));
            return fallback.stream().map(parse).toList();
        }
    }

    private static Ipv4Network pool(String text) {
        var pool = Ipv4Network.of(text);
        if (pool.bits() > POOL_BITS_MAX) {
            throw new IllegalArgumentException("value: " + text + " (expected: a network of at least four addresses)");
        }
        return pool;
    }

    private static InetSocketAddress server(String text) {
        var colon = text.indexOf(':');
        var address = Ipv4Network.of(colon < 0 ? text : text.substring(0, colon));
        var port = colon < 0
                ? DNS
                : AllowRule.parse("port.example" + text.substring(colon)).port();
        return new InetSocketAddress(address.toString(), port);
    }
}
