package dev.gesher.app.http;

import dev.gesher.app.config.Settings;
import io.micronaut.http.HttpRequest;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Tells who is calling: the nearest address that is not one of our own proxies. */
@Singleton
public final class ClientAddress {
    private final Settings settings;

    ClientAddress(Settings settings) {
        this.settings = settings;
    }

    /**
     * The peer's address, or, when the peer is a trusted proxy, the last address in {@code
     * X-Forwarded-For} that is not one. What stands before that was written by the caller and is
     * not believed.
     */
    public InetAddress of(HttpRequest<?> request) {
        var current = request.getRemoteAddress().getAddress();
        var chain = forwarded(request);
        for (int i = chain.size() - 1; i >= 0 && isTrusted(current); i--) {
            var before = parse(chain.get(i));
            if (before.isEmpty()) {
                return current;
            }
            current = before.get();
        }
        return current;
    }

    private static List<String> forwarded(HttpRequest<?> request) {
        var chain = new ArrayList<String>();
        for (var header : request.getHeaders().getAll("X-Forwarded-For")) {
            chain.addAll(List.of(header.split(",", -1)));
        }
        return chain;
    }

    private boolean isTrusted(InetAddress address) {
        return settings.trustedProxies().stream().anyMatch(range -> range.contains(address));
    }

    private static Optional<InetAddress> parse(String text) {
        var bare = text.strip();
        if (bare.startsWith("[") && bare.contains("]")) {
            bare = bare.substring(1, bare.indexOf(']'));
        }
        try {
            return Optional.of(InetAddress.ofLiteral(bare));
        } catch (IllegalArgumentException notAnAddress) {
            return Optional.empty();
        }
    }
}
