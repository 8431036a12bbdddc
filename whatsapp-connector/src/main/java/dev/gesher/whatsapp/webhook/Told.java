package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.InboundSignal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One change as it is read.
 *
 * @param field what Meta calls it
 * @param wabaId the account, empty if Meta named none
 * @param entryTime when it happened, for fields whose values say no time
 * @param received stands in for a time that Meta left out
 */
record Told(
        String field,
        String wabaId,
        Optional<Instant> entryTime,
        Instant received,
        JsonNode value) {
    /** Told of a change in which nothing is where Meta puts it. */
    static final String NOTHING_TO_READ = "nothing to read";

    /** Reads a change; pure, and nothing of Meta's making throws. */
    interface Reader {
        void read(Told told, Reading into);
    }

    /** The number it is about as people see it, or nothing. */
    String displayNumber() {
        return Json.scalar(value.path("display_phone_number"))
                .or(() -> Json.scalar(value.path("phone_number")))
                .orElse("");
    }

    Instant at() {
        return entryTime.map(time -> Nodes.earlier(time, received)).orElse(received);
    }

    /**
     * What a change holds.
     *
     * @param signals in the order of the change
     * @param imported whether it is of the time before the number was connected, so that it is
     *     whose the number was when it was told
     * @param ignored why something of it is left out on purpose, once per piece
     * @param problems what could not be understood at all, once per piece
     */
    record Read(
            List<InboundSignal> signals,
            boolean imported,
            List<String> ignored,
            List<String> problems) {}

    /** What has been read of a change so far. */
    static final class Reading {
        private final List<InboundSignal> signals = new ArrayList<>();
        private boolean imported;
        private final List<String> ignored = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();

        void signal(InboundSignal signal) {
            signals.add(signal);
        }

        void imported() {
            imported = true;
        }

        void ignored(String reason) {
            ignored.add(reason);
        }

        void problem(String problem) {
            problems.add(problem);
        }

        Read done() {
            return new Read(
                    List.copyOf(signals), imported, List.copyOf(ignored), List.copyOf(problems));
        }
    }
}
