package dev.gesher.conversation.media;

import java.time.Duration;
import java.util.Optional;

/** What one try to fetch a file came to. */
sealed interface Fetched {
    /**
     * It is in the content storage.
     *
     * @param mimeType what Meta says it is, if Meta was asked
     * @param detected what it looks like
     */
    record Whole(long bytes, Optional<String> mimeType, String detected) implements Fetched {}

    /**
     * It may come later.
     *
     * @param after how long Meta asks to wait
     */
    record NotNow(String code, Optional<Duration> after) implements Fetched {
        NotNow(String code) {
            this(code, Optional.empty());
        }
    }

    /** It will not come. */
    record Never(String cause) implements Fetched {}

    /** This process ends, or may not go on; nothing is said against the file. */
    record Stopped() implements Fetched {}
}
