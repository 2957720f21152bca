package io.scaibunker.bus;

import io.scaibunker.model.Secret;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TCPSSLOptions;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What members of a fleet show each other where they talk directly, by gRPC and on the event bus: always its join token, and
 * certificates where these are configured. With certificates nothing is said to a stranger, not even that he is one.
 *
 * @param token the same at all members
 * @param tls this member's certificate, and whose others it believes
 */
public record FleetPass(Secret token, Optional<Tls> tls) {
    /** The metadata key under which each call carries the token. */
    public static final String TOKEN_KEY = "scaibunker-token";

    /**
     * PEM files. A certificate says that somebody belongs to the fleet, not who he is: members move between addresses.
     *
     * @param authority that every member's certificate must come from
     */
    public record Tls(Path certificate, Path key, Path authority) {
        /** Shows the certificate, and believes none but the authority's. */
        public void applyTo(TCPSSLOptions options) {
            options.setSsl(true)
                    .setKeyCertOptions(new PemKeyCertOptions()
                            .addCertPath(certificate.toString())
                            .addKeyPath(key.toString()))
                    .setTrustOptions(new PemTrustOptions().addCertPath(authority.toString()));
        }
    }

    /** Without certificates. */
    public static FleetPass of(Secret token) {
        return new FleetPass(token, Optional.empty());
    }

    /** To talk to other members with, in HTTP/2 from the first byte: an upgrade would hold back answers until the request has ended. */
    public HttpClientOptions client() {
        HttpClientOptions options = new HttpClientOptions().setHttp2ClearTextUpgrade(false);
        tls.ifPresent(pems -> {
            pems.applyTo(options);
            options.setUseAlpn(true).setTrustAll(false).setVerifyHost(false);
        });
        return options;
    }

    /** To be talked to by other members with. */
    public HttpServerOptions server() {
        HttpServerOptions options = new HttpServerOptions().setHttp2ClearTextEnabled(tls.isEmpty());
        tls.ifPresent(pems -> {
            pems.applyTo(options);
            options.setUseAlpn(true).setClientAuth(ClientAuth.REQUIRED);
        });
        return options;
    }
}
