package dev.gesher.app.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The product's log lines, by its own configuration. */
class LogLineTest {
    @Test
    void an_event_is_one_line_with_the_keys_it_has() {
        assertThat(line(Map.of("correlation", "c-1", "tenant", "t-1"), "two\nlines", null))
                .isEqualTo(
                        "2026-11-20T08:00:00.000Z INFO  Gate two lines correlation=c-1 tenant=t-1\n");
        assertThat(line(Map.of("tenant", "t-1"), "connected tenant=t-1 attempt=a", null))
                .isEqualTo("2026-11-20T08:00:00.000Z INFO  Gate connected tenant=t-1 attempt=a\n");
        assertThat(line(Map.of(), "quiet", null))
                .isEqualTo("2026-11-20T08:00:00.000Z INFO  Gate quiet\n");
    }

    @Test
    void a_failure_brings_its_trace() {
        assertThat(line(Map.of("message", "m-1"), "failed", new IllegalStateException("why")))
                .startsWith("2026-11-20T08:00:00.000Z INFO  Gate failed message=m-1\n")
                .contains("IllegalStateException: why");
    }

    @Test
    void nobody_forges_a_line_or_leaves_a_number_in_one() throws Exception {
        var keys = Map.of("correlation", "a\n2026-11-20 ERROR \u202Eforged", "tenant", "t\u2066-1");
        var thrown =
                new IllegalStateException(
                        "no 972502345678\nat evil", new RuntimeException("wamid.HBgMOTcy\u200F"));

        var text = line(keys, "to +972 50-234-5678", thrown);
        var json =
                new ObjectMapper()
                        .readTree(line("/logback-json.xml", keys, "to 0502345678", thrown));

        assertThat(text.lines().findFirst().orElseThrow())
                .isEqualTo(
                        "2026-11-20T08:00:00.000Z INFO  Gate to …5678 correlation=a 2026-11-20 ERROR forged tenant=t-1");
        assertThat(text)
                .contains("IllegalStateException: no …5678 at evil\n")
                .contains("RuntimeException: wamid.…\n");
        assertThat(json.properties().stream().map(Map.Entry::getKey))
                .containsExactlyInAnyOrder(
                        "time", "level", "logger", "text", "correlation", "tenant", "trace");
        assertThat(json.at("/time").asText()).isEqualTo("2026-11-20T08:00:00Z");
        assertThat(json.at("/text").asText()).isEqualTo("to …5678");
        assertThat(json.at("/correlation").asText()).isEqualTo("a 2026-11-20 ERROR forged");
        assertThat(json.at("/trace").asText())
                .startsWith("java.lang.IllegalStateException: no …5678 at evil\n");
        assertThat(json.toString()).doesNotContain("2345678", "HBgM", "\u202E", "\u2066", "\u200F");
    }

    @Test
    void other_keys_of_a_thread_stay_out_of_the_line() throws Exception {
        var json =
                new ObjectMapper()
                        .readTree(line("/logback-json.xml", Map.of("other", "x"), "quiet", null));

        assertThat(json.has("other")).isFalse();
        assertThat(json.at("/level").asText()).isEqualTo("INFO");
    }

    private static String line(Map<String, String> keys, String text, @Nullable Throwable thrown) {
        return line("/logback.xml", keys, text, thrown);
    }

    private static String line(
            String resource, Map<String, String> keys, String text, @Nullable Throwable thrown) {
        var context = new LoggerContext();
        LogFormats.configure(context, resource);
        var appender =
                (ConsoleAppender<ILoggingEvent>)
                        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).getAppender("stderr");
        var event =
                new LoggingEvent(
                        "",
                        context.getLogger("dev.gesher.app.Gate"),
                        Level.INFO,
                        text,
                        thrown,
                        null);
        event.setInstant(Instant.parse("2026-11-20T08:00:00Z"));
        event.setMDCPropertyMap(keys);
        try {
            return new String(appender.getEncoder().encode(event), StandardCharsets.UTF_8);
        } finally {
            context.stop();
        }
    }
}
