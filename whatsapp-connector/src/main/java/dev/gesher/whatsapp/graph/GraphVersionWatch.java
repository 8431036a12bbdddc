package dev.gesher.whatsapp.graph;

import dev.gesher.whatsapp.MetaSettings;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.context.event.StartupEvent;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Knows how long Meta serves the version of Graph in use, and says so at the start. */
@Singleton
final class GraphVersionWatch implements ApplicationEventListener<StartupEvent> {
    private static final Logger log = LoggerFactory.getLogger(GraphVersionWatch.class);
    private static final int NOTICE_DAYS = 90;

    private final MetaSettings meta;
    private final Clock clock;

    GraphVersionWatch(MetaSettings meta, Clock clock) {
        this.meta = meta;
        this.clock = clock;
    }

    /** How a version stands. */
    enum State {
        /** For more than 90 days yet, or without an announced end. */
        SERVED,
        /** It ends within 90 days. */
        ENDING,
        /** Its last day is over. */
        RETIRED,
        /** It is none that this build knows. */
        UNKNOWN
    }

    /**
     * How the version in use stands.
     *
     * @param version as configured
     * @param until the last day, in UTC, on which Meta serves it, if one is announced and known
     */
    record Standing(String version, State state, Optional<LocalDate> until) {}

    /** How the version in use stands today. */
    Standing standing() {
        var version = GraphVersions.find(meta.graphVersion());
        if (version.isEmpty()) {
            return new Standing(meta.graphVersion(), State.UNKNOWN, Optional.empty());
        }
        var until = version.get().until();
        return new Standing(
                version.get().name(), until.map(this::state).orElse(State.SERVED), until);
    }

    private State state(LocalDate until) {
        var today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        if (today.isAfter(until)) {
            return State.RETIRED;
        }
        return today.plusDays(NOTICE_DAYS).isBefore(until) ? State.SERVED : State.ENDING;
    }

    @Override
    public void onApplicationEvent(StartupEvent event) {
        var standing = standing();
        var until = standing.until().map(LocalDate::toString).orElse("");
        switch (standing.state()) {
            case SERVED -> log.debug("Graph {} is served", standing.version());
            case ENDING ->
                    log.warn(
                            "Meta serves Graph {} until {}: set META_GRAPH_VERSION to a later one",
                            standing.version(),
                            until);
            case RETIRED ->
                    log.warn(
                            "Meta has retired Graph {} after {}: set META_GRAPH_VERSION to a later one",
                            standing.version(),
                            until);
            case UNKNOWN ->
                    log.warn(
                            "Graph {} is not known to this build, and taken for {}",
                            standing.version(),
                            GraphVersions.orNewest(standing.version()).name());
        }
    }
}
