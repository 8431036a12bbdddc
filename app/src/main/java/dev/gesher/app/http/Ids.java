package dev.gesher.app.http;

import java.util.Optional;
import java.util.UUID;

/** Ids from paths. */
public final class Ids {
    private Ids() {}

    /** The id, or empty for what is none: then there is no such object. */
    public static Optional<UUID> parse(String text) {
        try {
            return text.length() == 36 ? Optional.of(UUID.fromString(text)) : Optional.empty();
        } catch (IllegalArgumentException notAnId) {
            return Optional.empty();
        }
    }
}
