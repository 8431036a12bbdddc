package dev.gesher.postgres;

import java.util.List;
import java.util.stream.Stream;

/** What a commit promises. */
public enum Durability {
    /** A committed transaction survives a crash of the server and of the machine. */
    DURABLE("on"),

    /** For tests of logic: data may be lost or broken by a crash, and every commit is faster. */
    FAST("off");

    private static final List<String> SETTINGS =
            List.of("fsync", "synchronous_commit", "full_page_writes");

    private final String value;

    Durability(String value) {
        this.value = value;
    }

    /** The server's settings as {@code name=value}. */
    Stream<String> settings() {
        return SETTINGS.stream().map(name -> name + "=" + value);
    }
}
