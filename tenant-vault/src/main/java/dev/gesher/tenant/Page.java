package dev.gesher.tenant;

import java.util.List;
import java.util.Optional;

/** A page of a list; {@code nextCursor} is opaque and absent on the last page. */
public record Page<T>(List<T> data, Optional<String> nextCursor) {
    /** A cursor that the list it was given to never gave. */
    public static final class BadCursorException extends IllegalArgumentException {
        public BadCursorException() {
            super("not a cursor of this list");
        }
    }
}
