package dev.gesher.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Asks a Docker engine, in seconds and by hand, what Testcontainers would find out in minutes:
 * whether it answers and has an image.
 *
 * @param address its socket
 */
record DockerEngine(SocketAddress address) {
    private static final Duration TO_ANSWER = Duration.ofSeconds(2);

    /** So that only the first of a build's JVMs tries to pull what can't be had. */
    private static final Duration FAILURE_STANDS = Duration.ofMinutes(15);

    /** The engine that Testcontainers would take, when it answers. */
    static Optional<DockerEngine> find() {
        return addresses()
                .map(DockerEngine::new)
                .filter(engine ->
                        engine.ask("GET /_ping", TO_ANSWER).startsWith("HTTP/1.1 200")
                                || engine.ask("GET /_ping", TO_ANSWER).startsWith("HTTP/1.0 200"))
                .findFirst();
    }

    private static Stream<SocketAddress> addresses() {
        var given = System.getenv("DOCKER_HOST");
        if (given != null && !given.isBlank()) {
            var uri = URI.create(given);
            return "unix".equals(uri.getScheme())
                    ? Stream.of(UnixDomainSocketAddress.of(uri.getPath()))
                    : Stream.of(new InetSocketAddress(uri.getHost(), uri.getPort()));
        }
        var runtime = System.getenv("XDG_RUNTIME_DIR");
        return Stream.of(
                        Path.of("/var/run/docker.sock"),
                        Path.of(runtime == null ? "/run" : runtime, "docker.sock"),
                        Path.of(System.getProperty("user.home"), ".docker/run/docker.sock"))
                .filter(Files::exists)
                .map(UnixDomainSocketAddress::of);
    }

    boolean has(String image) {
        return ask("GET /images/" + image + "/json", TO_ANSWER).matches("(?s)HTTP/1\\.. 200.*");
    }

    /** Pulls the image, giving up after the time; says whether it is there then. */
    boolean pull(String image, Duration limit) {
        var colon = image.lastIndexOf(':');
        var _ =
                ask(
                        "POST /images/create?fromImage="
                                + image.substring(0, colon)
                                + "&tag="
                                + image.substring(colon + 1),
                        limit);
        return has(image);
    }

    /** As {@link #pull}, but a failure is remembered for a while. */
    boolean pullOnce(String image, Duration limit) {
        var note = Path.of("/tmp", "gesher-no-image-" + System.getProperty("user.name"));
        try {
            if (Files.exists(note)
                    && Files.getLastModifiedTime(note)
                            .toInstant()
                            .isAfter(Instant.now().minus(FAILURE_STANDS))) {
                return false;
            }
            var pulled = pull(image, limit);
            if (!pulled) {
                Files.writeString(note, image);
                Files.setLastModifiedTime(note, FileTime.from(Instant.now()));
            }
            return pulled;
        } catch (IOException e) {
            return false;
        }
    }

    /** The whole answer, or what stands for none. HTTP/1.0 ends it by closing. */
    private String ask(String request, Duration limit) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor();
                var channel = open()) {
            var answer =
                    threads.submit(() -> {
                        channel.connect(address);
                        channel.write(
                                ByteBuffer.wrap(
                                        (request + " HTTP/1.0\r\nHost: docker\r\n\r\n")
                                                .getBytes(StandardCharsets.US_ASCII)));
                        return new String(
                                Channels.newInputStream(channel).readAllBytes(),
                                StandardCharsets.UTF_8);
                    });
            // leaving closes the channel first, which ends the other thread too
            return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (IOException | ExecutionException | TimeoutException e) {
            return "no answer: " + e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    private SocketChannel open() throws IOException {
        return address instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open();
    }
}
