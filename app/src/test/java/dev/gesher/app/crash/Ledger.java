package dev.gesher.app.crash;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the tenant's app was promised and what customers wrote: the model. */
final class Ledger {
    private final Map<String, Promise> promises = new LinkedHashMap<>();
    private final List<Heard> heard = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private long unanswered;
    private long replayed;

    /**
     * A message that was accepted.
     *
     * @param number what its text says, wherever it turns up
     * @param refusals how often its request got no answer, or was asked to come again
     */
    record Promise(String key, String number, String to, String messageId, int refusals) {}

    /** What a customer wrote, as the phone has it. */
    record Heard(String wamid, String from, String text, Instant at) {}

    /** A 202 for a key. All answers for one key must name one message. */
    synchronized void accepted(Promise promise, boolean replay) {
        if (replay) {
            replayed++;
        }
        var before = promises.putIfAbsent(promise.key(), promise);
        if (before != null && !before.messageId().equals(promise.messageId())) {
            wrong("one key, two messages: " + before + " and " + promise);
        }
    }

    synchronized void unanswered() {
        unanswered++;
    }

    synchronized void heard(Heard message) {
        heard.add(message);
    }

    /** Something that must not be. */
    synchronized void wrong(String what) {
        wrong.add(what);
    }

    synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }

    synchronized List<Promise> promises() {
        return List.copyOf(promises.values());
    }

    synchronized List<Heard> heard() {
        return List.copyOf(heard);
    }

    synchronized int promised() {
        return promises.size();
    }

    synchronized int written() {
        return heard.size();
    }

    /** Requests that got no answer or a 503, and were made again. */
    synchronized long requestsMadeAgain() {
        return unanswered;
    }

    /** Answers given from a key's store. */
    synchronized long replays() {
        return replayed;
    }

    /** When a customer last wrote. */
    synchronized Optional<Instant> lastHeard(String from) {
        return heard.stream()
                .filter(it -> it.from().equals(from))
                .map(Heard::at)
                .max(Instant::compareTo);
    }
}
