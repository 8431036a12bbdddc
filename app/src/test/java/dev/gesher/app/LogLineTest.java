package dev.gesher.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.JoranException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The product's log lines, by its own configuration. */
class LogLineTest {
    @Test
    void an_event_is_one_line_with_the_keys_it_has() throws JoranException {
        assertThat(line(Map.of("correlation", "c-1", "tenant", "t-1"), "two\nlines", null))
                .isEqualTo(
                        "2026-11-20T08:00:00.000Z INFO  Gate two lines correlation=c-1 tenant=t-1\n");
        assertThat(line(Map.of(), "quiet", null))
                .isEqualTo("2026-11-20T08:00:00.000Z INFO  Gate quiet\n");
    }

    @Test
    void a_failure_brings_its_trace() throws JoranException {
        assertThat(line(Map.of("message", "m-1"), "failed", new IllegalStateException("why")))
                .startsWith("2026-11-20T08:00:00.000Z INFO  Gate failed message=m-1\n")
                .contains("IllegalStateException: why");
    }

    private static String line(Map<String, String> keys, String text, @Nullable Throwable thrown)
            throws JoranException {
        var context = new LoggerContext();
        var configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(
                Objects.requireNonNull(LogLineTest.class.getResource("/logback.xml")));
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
