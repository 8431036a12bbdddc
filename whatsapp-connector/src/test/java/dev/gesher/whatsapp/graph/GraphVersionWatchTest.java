package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.ConnectorContext;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.graph.GraphVersionWatch.Standing;
import dev.gesher.whatsapp.graph.GraphVersionWatch.State;
import java.net.URI;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

@GesherDatabase
class GraphVersionWatchTest {
    private static final LocalDate END_OF_21 = LocalDate.of(2027, 1, 21);

    private static Standing standing(String version, String now) {
        var meta =
                new MetaSettings(
                        "",
                        null,
                        null,
                        "",
                        null,
                        URI.create("https://graph.facebook.com"),
                        version);
        return new GraphVersionWatch(meta, SettableClock.at(now)).standing();
    }

    @Test
    void a_version_ends_within_ninety_days_of_its_last_day_and_is_retired_after_it() {
        assertThat(standing("v21.0", "2026-10-22T23:59:59Z").state()).isEqualTo(State.SERVED);
        assertThat(standing("v21.0", "2026-10-23T00:00:00Z"))
                .isEqualTo(new Standing("v21.0", State.ENDING, Optional.of(END_OF_21)));
        assertThat(standing("v21.0", "2027-01-21T23:59:59Z").state()).isEqualTo(State.ENDING);
        assertThat(standing("v21.0", "2027-01-22T00:00:00Z").state()).isEqualTo(State.RETIRED);
    }

    @Test
    void a_version_without_an_announced_end_is_served_and_one_that_nobody_knows_is_unknown() {
        assertThat(standing("v26.0", "2030-01-01T00:00:00Z").state()).isEqualTo(State.SERVED);
        assertThat(standing("v99.0", "2026-10-23T00:00:00Z"))
                .isEqualTo(new Standing("v99.0", State.UNKNOWN, Optional.empty()));
    }

    @Test
    void a_start_warns_of_a_version_near_its_end(TestDatabase database) {
        assertThat(warnings(database, "v21.0"))
                .singleElement()
                .asString()
                .contains("v21.0", "2027-01-21", "META_GRAPH_VERSION");
        assertThat(warnings(database, "v20.0"))
                .singleElement()
                .asString()
                .contains("retired", "2026-09-24");
        assertThat(warnings(database, "v25.0")).isEmpty();
    }

    private static List<String> warnings(TestDatabase database, String version) {
        var logger = (Logger) LoggerFactory.getLogger(GraphVersionWatch.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        logger.addAppender(lines);
        try (var context =
                ConnectorContext.start(
                        database,
                        Map.of("gesher.meta.graph-version", version),
                        SettableClock.at("2026-11-20T09:00:00Z"))) {
            assertThat(context.isRunning()).isTrue();
        } finally {
            logger.detachAppender(lines);
        }
        return lines.list.stream()
                .filter(line -> line.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }
}
