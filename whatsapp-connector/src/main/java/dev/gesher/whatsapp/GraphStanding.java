package dev.gesher.whatsapp;

import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;

/** How Meta's Graph API stands with this process; asks nobody. */
public interface GraphStanding {
    /** What is known right now. */
    Now now();

    /**
     * What is known.
     *
     * @param version as configured
     * @param until the last day, in UTC, on which Meta serves it, if one is announced and known
     * @param ending whether that day is near or over, or the version unknown to this build
     * @param lastAnswer when Graph last answered in its own way, refusals included
     * @param lastSilence when a call last got no answer, or none of Graph's
     * @param silent calls in a row, until now, that got none
     */
    record Now(
            String version,
            Optional<LocalDate> until,
            boolean ending,
            Optional<Instant> lastAnswer,
            Optional<Instant> lastSilence,
            long silent) {
        private static final int FEW = 5;

        /** Whether Meta seems to be away: several calls in a row went without an answer. */
        public boolean away() {
            return silent >= FEW;
        }
    }
}
