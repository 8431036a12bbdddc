package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.InboundSignal;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/** What values become when they are read. */
final class Reads {
    static final Instant RECEIVED = Instant.ofEpochSecond(1_790_000_100);
    static final Instant TOLD = Instant.ofEpochSecond(1_790_000_000);

    private Reads() {}

    /** A body of one change. */
    static Told.Read body(byte[] body, Instant received) {
        var change = ((Bodies.Split.Changes) Bodies.split(body)).changes().getFirst();
        var payload = Json.read(change.payload()).orElseThrow();
        return Fields.read(
                new Told(
                        change.field(),
                        Objects.requireNonNullElse(change.wabaId(), ""),
                        Nodes.time(payload.path("entry_time")),
                        received,
                        payload.at("/change/value")));
    }

    /** A change as it is read back from its row. */
    static ChangeRows.Change received(Bodies.Change change, Instant received) {
        return new ChangeRows.Change(
                1,
                change.ordinal(),
                change.bucket(),
                change.phoneNumberId(),
                change.wabaId(),
                change.field(),
                received,
                KeyDay.of(received),
                change.payload(),
                "corr");
    }

    /** A value written with single quotes, of account 7001, told at {@link #TOLD}. */
    static Told.Read value(String field, String json) {
        return value(field, json, Optional.of(TOLD));
    }

    static Told.Read value(String field, String json, Optional<Instant> told) {
        var value = Json.read(Fixtures.bytes(json.replace('\'', '"'))).orElseThrow();
        return Fields.read(new Told(field, "7001", told, RECEIVED, value));
    }

    /** The only signal of a value that holds nothing else. */
    static InboundSignal only(String field, String json) {
        var read = value(field, json);
        assertThat(read.problems()).as(json).isEmpty();
        assertThat(read.ignored()).as(json).isEmpty();
        assertThat(read.signals()).as(json).hasSize(1);
        return read.signals().getFirst();
    }

    static AccountFact fact(String field, String json) {
        return ((InboundSignal.News) only(field, json)).fact();
    }

    /** The only message of a {@code messages} value, from 972541112222. */
    static InboundSignal message(String json) {
        return only(
                "messages",
                "{'metadata':{'display_phone_number':'97235550001','phone_number_id':'5001'},"
                        + "'messages':[{'from':'972541112222','id':'wamid.m','timestamp':'1790000000',"
                        + json
                        + "}]}");
    }
}
