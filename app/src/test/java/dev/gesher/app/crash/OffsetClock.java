package dev.gesher.app.crash;

import io.micronaut.context.annotation.Requires;
import io.micronaut.context.annotation.Value;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * The clock of a process that a test has started: ahead of the real one by the seconds that a file
 * says, so that what takes a quarter of an hour need not.
 */
@Singleton
@Requires(property = "crash.clock")
final class OffsetClock extends Clock {
    private static final Duration READ_EVERY = Duration.ofMillis(200);

    private final Path file;
    private volatile Duration offset = Duration.ZERO;
    private volatile long readAt = System.nanoTime() - READ_EVERY.toNanos();

    OffsetClock(@Value("${crash.clock}") String file) {
        this.file = Path.of(file);
    }

    @Override
    public Instant instant() {
        if (System.nanoTime() - readAt >= READ_EVERY.toNanos()) {
            readAt = System.nanoTime();
            try {
                offset = Duration.ofSeconds(Long.parseLong(Files.readString(file).strip()));
            } catch (IOException | NumberFormatException beingWritten) {
                // the next look says
            }
        }
        return Clock.systemUTC().instant().plus(offset);
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("decisions are made in UTC");
    }
}
