package dev.gesher.testkit;

import dev.gesher.testkit.TestServer.Backend;
import java.time.Duration;
import java.util.Optional;

/** Chooses where the tests' PostgreSQL comes from. */
final class Backends {
    private static final String IMAGE = "postgres:17-alpine";

    /** A line to the registry that does not start in this time won't carry an image either. */
    private static final Duration SHORT_PULL = Duration.ofSeconds(45);

    private static final Duration LONG_PULL = Duration.ofMinutes(5);

    private Backends() {}

    /**
     * Starts the server.
     *
     * @param choice {@code container}, {@code embedded}, or {@code auto}: a container where Docker
     *     answers and has or can get the image, else embedded
     */
    static Backend choose(String choice) {
        return switch (choice) {
            case "embedded" -> EmbeddedBackend.start();
            case "container" -> {
                var engine =
                        DockerEngine.find()
                                .orElseThrow(() ->
                                        new IllegalStateException(
                                                "test.postgres=container, but no Docker engine answers"));
                if (!engine.has(IMAGE) && !engine.pull(IMAGE, LONG_PULL)) {
                    throw new IllegalStateException(
                            "test.postgres=container, but Docker neither has nor gets " + IMAGE);
                }
                yield ContainerBackend.start(engine, IMAGE);
            }
            case "auto" -> inContainer().orElseGet(EmbeddedBackend::start);
            default ->
                    throw new IllegalArgumentException(
                            "test.postgres is container, embedded or auto, not " + choice);
        };
    }

    private static Optional<Backend> inContainer() {
        try {
            return DockerEngine.find()
                    .filter(engine -> engine.has(IMAGE) || engine.pullOnce(IMAGE, SHORT_PULL))
                    .map(engine -> ContainerBackend.start(engine, IMAGE));
        } catch (RuntimeException e) {
            System.out.println(
                    "No PostgreSQL container (" + e.getMessage() + "): tests use the embedded one");
            return Optional.empty();
        }
    }
}
