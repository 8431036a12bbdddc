package dev.gesher.whatsapp.graph;

import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.graph.MediaHosts.Origin;
import jakarta.inject.Singleton;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches files from Meta's hosts, as streams. Redirects are followed by hand, a few, and to Meta's
 * hosts only; the token goes to the server that the address was given out for and to no other. The
 * JDK's plain client reads from the socket as the caller does, so nothing piles up in memory.
 */
@Singleton
final class MediaDownloads {
    private static final Logger log = LoggerFactory.getLogger(MediaDownloads.class);
    private static final int REDIRECTS = 3;

    private final MediaHosts hosts;
    private final GraphTimeouts timeouts;

    MediaDownloads(MediaHosts hosts, GraphTimeouts timeouts) {
        this.hosts = hosts;
        this.timeouts = timeouts;
    }

    /** What came of it. */
    sealed interface Result {
        /**
         * It comes.
         *
         * @param length bytes, -1 if they were not announced
         */
        record Body(InputStream stream, long length) implements Result {}

        /**
         * It does not.
         *
         * @param code {@code http_<status>}, {@code foreign_host}, {@code redirects}, {@code
         *     bad_url}, {@code connect}, {@code dns}, {@code tls}, {@code timeout}, {@code reset}
         * @param after what the answer asked to wait
         */
        record Failed(String code, Optional<Duration> after) implements Result {
            Failed(String code) {
                this(code, Optional.empty());
            }
        }
    }

    /**
     * Asks for the file at an address that Meta gave out. Each wait for bytes is bounded by the
     * timeouts of calls to Graph; the whole of them is the caller's to bound.
     */
    Result open(String address, SecretText token) {
        URI url;
        try {
            url = new URI(address);
        } catch (URISyntaxException e) {
            return new Result.Failed("bad_url");
        }
        @Nullable SecretText shown = token;
        for (int hop = 0; hop <= REDIRECTS; hop++) {
            if (!hosts.isMetas(url)) {
                log.warn("a file of Meta's is said to be at the host {}", url.getHost());
                return new Result.Failed("foreign_host");
            }
            HttpURLConnection connection;
            try {
                connection = ask(url, shown);
                int status = connection.getResponseCode();
                if (status == 200) {
                    long length = connection.getContentLengthLong();
                    return new Result.Body(new Body(connection, length), length);
                }
                connection.disconnect();
                var location = connection.getHeaderField("Location");
                if (!isRedirect(status) || location == null) {
                    return new Result.Failed("http_" + status, after(connection));
                }
                var next = url.resolve(new URI(location));
                if (next.getHost() == null || !Origin.of(next).equals(Origin.of(url))) {
                    shown = null;
                }
                url = next;
            } catch (URISyntaxException | IllegalArgumentException e) {
                return new Result.Failed("bad_url");
            } catch (IOException e) {
                return new Result.Failed(code(e));
            }
        }
        return new Result.Failed("redirects");
    }

    private HttpURLConnection ask(URI url, @Nullable SecretText token) throws IOException {
        var connection = (HttpURLConnection) url.toURL().openConnection();
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        connection.setConnectTimeout((int) timeouts.connect().toMillis());
        connection.setReadTimeout((int) timeouts.answer().toMillis());
        // Meta turns away some who do not say what they are.
        connection.setRequestProperty("User-Agent", "Gesher");
        connection.setRequestProperty("Accept", "*/*");
        connection.setRequestProperty("Accept-Encoding", "identity");
        if (token != null) {
            connection.setRequestProperty("Authorization", "Bearer " + token.reveal());
        }
        return connection;
    }

    private static boolean isRedirect(int status) {
        return switch (status) {
            case 301, 302, 303, 307, 308 -> true;
            default -> false;
        };
    }

    private static Optional<Duration> after(HttpURLConnection connection) {
        long seconds = connection.getHeaderFieldLong("Retry-After", 0);
        return seconds > 0 ? Optional.of(Duration.ofSeconds(seconds)) : Optional.empty();
    }

    private static String code(IOException e) {
        return switch (e) {
            case SocketTimeoutException _ -> "timeout";
            case UnknownHostException _ -> "dns";
            case java.net.ConnectException _ -> "connect";
            case SSLException _ -> "tls";
            default -> "reset";
        };
    }

    /** Does not take a body that ends early for a whole one, as the JDK's client does. */
    private static final class Body extends FilterInputStream {
        private final HttpURLConnection connection;
        private final long length;
        private long seen;
        private boolean ended;

        Body(HttpURLConnection connection, long length) throws IOException {
            super(connection.getInputStream());
            this.connection = connection;
            this.length = length;
        }

        @Override
        public int read() throws IOException {
            int one = super.read();
            count(one < 0 ? -1 : 1);
            return one;
        }

        @Override
        public int read(byte[] buffer, int offset, int count) throws IOException {
            int read = super.read(buffer, offset, count);
            count(read);
            return read;
        }

        private void count(int read) throws IOException {
            if (read >= 0) {
                seen += read;
                return;
            }
            ended = true;
            if (length >= 0 && seen != length) {
                throw new IOException("a body of " + length + " bytes ended after " + seen);
            }
        }

        /** Who turns away from a body does not read the rest of it. */
        @Override
        public void close() throws IOException {
            if (ended) {
                super.close();
            } else {
                connection.disconnect();
            }
        }
    }
}
