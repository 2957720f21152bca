package io.scaibunker.cli;

import java.security.KeyManagementException;
import java.security.Provider;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * For an address without TLS. The HTTP client makes everything ready for TLS before it knows where it is to go: ciphers, keys, who
 * is trusted, a fifth of the time of a short call. This makes nothing ready, and refuses if it is asked after all.
 */
final class NoTls extends SSLContextSpi {
    private static final String NAME = "none";

    private NoTls() {}

    static SSLContext context() {
        return new Context();
    }

    private static final class Context extends SSLContext {
        Context() {
            super(new NoTls(), new Nobody(), NAME);
        }
    }

    private static final class Nobody extends Provider {
        private static final long serialVersionUID = 1L;

        Nobody() {
            super(NAME, "1", "has nothing");
        }
    }

    private static UnsupportedOperationException refusal() {
        return new UnsupportedOperationException("no TLS was made ready for this address");
    }

    @Override
    protected void engineInit(
            KeyManager @Nullable [] keys, TrustManager @Nullable [] trust, @Nullable SecureRandom random)
            throws KeyManagementException {
        throw new KeyManagementException("nothing to be made ready");
    }

    @Override
    protected SSLSocketFactory engineGetSocketFactory() {
        throw refusal();
    }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() {
        throw refusal();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine() {
        throw refusal();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String host, int port) {
        throw refusal();
    }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() {
        throw refusal();
    }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() {
        throw refusal();
    }

    @Override
    protected SSLParameters engineGetDefaultSSLParameters() {
        return new SSLParameters(new String[0], new String[0]);
    }

    @Override
    protected SSLParameters engineGetSupportedSSLParameters() {
        return engineGetDefaultSSLParameters();
    }
}
