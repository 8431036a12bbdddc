package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.gesher.testkit.SettableClock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** How many lines refusals have in the log. */
class RefusalLinesTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private final RefusalLines lines = new RefusalLines(clock);
    private final ListAppender<ILoggingEvent> written =
            new ListAppender<>() {
                @Override
                protected void append(ILoggingEvent event) {
                    event.prepareForDeferredProcessing();
                    super.append(event);
                }
            };
    private final Logger logger = (Logger) LoggerFactory.getLogger(RefusalLines.class);

    @BeforeEach
    void listen() {
        written.start();
        logger.addAppender(written);
        logger.setAdditive(false);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(written);
        logger.setAdditive(true);
    }

    private List<String> texts() {
        return written.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void each_has_a_line_until_there_are_too_many_and_the_next_tells_how_many() {
        for (int n = 0; n < RefusalLines.MOST + 7; n++) {
            lines.write("encoded", "corr-" + n);
        }
        lines.write("busy", "other");
        assertThat(texts()).hasSize(RefusalLines.MOST + 1);

        clock.advance(RefusalLines.WHILE);
        lines.write("encoded", "later-1");
        lines.write("encoded", "later-2");

        assertThat(texts())
                .containsOnlyOnce("webhook rejected reason=encoded unlogged=7")
                .contains("webhook rejected reason=busy unlogged=0")
                .hasSize(RefusalLines.MOST + 3);
        assertThat(texts().getLast()).endsWith("unlogged=0");
        assertThat(written.list.getFirst().getMDCPropertyMap())
                .containsEntry("correlation", "corr-0");
    }
}
