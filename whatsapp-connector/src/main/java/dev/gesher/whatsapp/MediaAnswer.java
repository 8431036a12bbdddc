package dev.gesher.whatsapp;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;

/** What came of asking Meta for a file. */
public sealed interface MediaAnswer {
    /** The most bytes a file may have; Meta hands on no larger one (error 131052). */
    long MOST_BYTES = 100L << 20;

    /**
     * It comes. Must be closed, at any point.
     *
     * @param body ends in an {@link IOException} when it stops, breaks off, or is short of what was
     *     announced
     * @param mimeType what Meta says it is, if Meta was asked
     * @param sha256 what Meta says it hashes to, if Meta was asked
     */
    record Open(InputStream body, Optional<String> mimeType, Optional<Sha256> sha256)
            implements MediaAnswer, AutoCloseable {
        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    /**
     * It does not come now.
     *
     * @param code Meta's error code, {@code http_<status>}, {@code no_object} (there is none, or
     *     none that this token may see), {@code no_token}, {@code foreign_host}, {@code timeout}, …
     * @param after how long Meta asks to wait
     */
    record NotNow(String code, Optional<Duration> after) implements MediaAnswer {}

    /** It has more than {@link #MOST_BYTES}. */
    record TooLarge() implements MediaAnswer {}
}
