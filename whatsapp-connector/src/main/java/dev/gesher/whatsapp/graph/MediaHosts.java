package dev.gesher.whatsapp.graph;

import dev.gesher.whatsapp.MetaSettings;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where files of Meta's may be fetched from: hosts of Meta's that no third party has a name under
 * (so not all of {@code fbsbx.com}), by https on its own port, and the server that the
 * configuration names as Graph.
 */
@Singleton
final class MediaHosts {
    private static final Set<String> HOSTS =
            Set.of("lookaside.fbsbx.com", "lookaside.facebook.com", "graph.facebook.com");
    private static final List<String> DOMAINS = List.of(".fbcdn.net", ".whatsapp.net");

    private final Set<Origin> configured;

    /** Scheme, host and port: what a token that was meant for it may be shown to. */
    record Origin(String scheme, String host, int port) {
        static Origin of(URI url) {
            var scheme = lower(url.getScheme());
            return new Origin(
                    scheme,
                    lower(url.getHost()),
                    url.getPort() != -1 ? url.getPort() : scheme.equals("https") ? 443 : 80);
        }

        private static String lower(String text) {
            return text.toLowerCase(Locale.ROOT);
        }
    }

    @Inject
    MediaHosts(MetaSettings meta) {
        this(List.of(meta.graphUrl()));
    }

    MediaHosts(Collection<URI> configured) {
        this.configured = configured.stream().map(Origin::of).collect(Collectors.toSet());
    }

    /** Whether {@code url} may be fetched. */
    boolean isMetas(URI url) {
        if (url.getScheme() == null || url.getHost() == null || url.getRawUserInfo() != null) {
            return false;
        }
        var origin = Origin.of(url);
        return configured.contains(origin)
                || (origin.scheme().equals("https")
                        && origin.port() == 443
                        && (HOSTS.contains(origin.host())
                                || DOMAINS.stream().anyMatch(origin.host()::endsWith)));
    }
}
