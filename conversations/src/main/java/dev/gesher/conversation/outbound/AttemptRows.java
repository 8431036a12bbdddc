package dev.gesher.conversation.outbound;

import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.message.EarlyStatuses;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.StoredMessage;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.outbound.Call.Ended;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.SendResult;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The rows of attempts: every call to Meta with what came of it. */
final class AttemptRows {
    private AttemptRows() {}

    /** What became of an attempt that nobody ended. */
    record Outcome(MessageRows.Key message, int attempt, String code) {}

    /** A message that is being sent, with the token under which it was claimed. */
    record Claimed(StoredMessage message, long leaseToken) {}

    /** A claim on a lane: the call that may be made under its holder's token. */
    record Started(LaneHold hold, Call call) {}

    /** Committed before the calls are made. */
    static void start(Tx tx, List<Started> started) throws SQLException {
        if (started.isEmpty()) {
            return;
        }
        tx.updateExactly(
                started.size(),
                """
                INSERT INTO whatsapp_message_attempts (tenant_id, message_id, attempt, lease_token, route, started_at)
                SELECT n.tenant_id, n.message_id, n.attempt, n.lease_token, n.route, n.started_at
                FROM unnest(?, ?, ?, ?, ?, ?) AS n(tenant_id, message_id, attempt, lease_token, route, started_at)
                ON CONFLICT DO NOTHING
                """,
                Tx.tenants(started.stream().map(s -> s.call().key().tenant()).toList()),
                Tx.uuids(started.stream().map(s -> s.call().key().id().value()).toList()),
                Tx.integers(started.stream().map(s -> s.call().attempt()).toList()),
                Tx.longs(started.stream().map(s -> s.hold().token()).toList()),
                texts(started, s -> MessageRows.code(s.call().route())),
                Tx.instants(started.stream().map(s -> s.call().startedAt()).toList()));
    }

    /** A call that is over, of the lane that it was made on. */
    record Finished(LaneHold hold, Ended ended) {
        Call call() {
            return ended.call();
        }
    }

    /**
     * Keeps an attempt of which nobody knows, for a message that was queued when the database was
     * saved: it may have been sent since.
     */
    static void presume(Tx tx, TenantId tenant, List<Change> claimed, Instant now)
            throws SQLException {
        if (claimed.isEmpty()) {
            return;
        }
        tx.update(
                """
                INSERT INTO whatsapp_message_attempts (tenant_id, message_id, attempt, lease_token, route, started_at, finished_at, outcome)
                SELECT ?::uuid, n.message_id, n.attempt, 0, n.route, ?::timestamptz, ?::timestamptz, 'unknown'
                FROM unnest(?, ?, ?) AS n(message_id, attempt, route)
                ON CONFLICT DO NOTHING
                """,
                tenant,
                now,
                now,
                Tx.uuids(claimed.stream().map(c -> c.before().id().value()).toList()),
                Tx.integers(claimed.stream().map(c -> c.after().attempt()).toList()),
                texts(claimed, c -> MessageRows.code(c.after().route())));
    }

    /**
     * Ends attempts; one that is ended already keeps its end.
     *
     * @return the attempts that Meta's statuses were waiting for
     */
    static List<EarlyStatuses.Known> finish(Tx tx, List<Finished> finished) throws SQLException {
        if (finished.isEmpty()) {
            return List.of();
        }
        return tx
                .query(
                        """
                        UPDATE whatsapp_message_attempts a
                        SET finished_at = n.finished_at, outcome = n.outcome, error_code = n.error_code, fbtrace_id = n.fbtrace_id,
                            wa_message_id = coalesce(n.wa_message_id, a.wa_message_id)
                        FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?)
                            AS n(tenant_id, message_id, attempt, lease_token, finished_at, outcome, error_code, fbtrace_id, wa_message_id)
                        WHERE a.tenant_id = n.tenant_id AND a.message_id = n.message_id AND a.attempt = n.attempt
                            AND a.lease_token = n.lease_token AND a.finished_at IS NULL
                        RETURNING a.tenant_id, a.message_id, a.attempt, a.wa_message_id, a.wa_message_id IS NOT NULL AND (
                            EXISTS (SELECT FROM early_statuses e
                                    WHERE e.tenant_id = a.tenant_id AND e.wa_message_id = a.wa_message_id)
                            OR EXISTS (SELECT FROM early_statuses e
                                    WHERE e.tenant_id = a.tenant_id AND e.message_id = a.message_id)) AS awaited
                        """,
                        row ->
                                row.bool("awaited")
                                        ? Optional.of(
                                                new EarlyStatuses.Known(
                                                        new MessageRows.Key(
                                                                row.tenant(),
                                                                new MessageId(
                                                                        row.uuid("message_id"))),
                                                        row.integer("attempt"),
                                                        row.text("wa_message_id")))
                                        : Optional.<EarlyStatuses.Known>empty(),
                        Tx.tenants(finished.stream().map(f -> f.hold().tenant()).toList()),
                        Tx.uuids(finished.stream().map(f -> f.call().key().id().value()).toList()),
                        Tx.integers(finished.stream().map(f -> f.call().attempt()).toList()),
                        Tx.longs(finished.stream().map(f -> f.hold().token()).toList()),
                        Tx.instants(finished.stream().map(f -> f.ended().at()).toList()),
                        texts(finished, f -> outcome(f.ended().end())),
                        texts(
                                finished,
                                f -> result(f.ended().end()).map(AttemptRows::code).orElse(null)),
                        texts(
                                finished,
                                f ->
                                        result(f.ended().end())
                                                .flatMap(SendResult::fbtraceId)
                                                .orElse(null)),
                        texts(
                                finished,
                                f ->
                                        f.ended().end()
                                                        instanceof
                                                        Call.End.Made(SendResult.Accepted a)
                                                ? a.waMessageId()
                                                : null))
                .stream()
                .flatMap(Optional::stream)
                .toList();
    }

    /** Ends attempts of which nothing will be heard from who made them. */
    static void abandon(Tx tx, List<Outcome> outcomes, Instant now) throws SQLException {
        if (outcomes.isEmpty()) {
            return;
        }
        tx.update(
                """
                UPDATE whatsapp_message_attempts a SET finished_at = ?, outcome = n.outcome
                FROM unnest(?, ?, ?, ?) AS n(tenant_id, message_id, attempt, outcome)
                WHERE a.tenant_id = n.tenant_id AND a.message_id = n.message_id AND a.attempt = n.attempt
                    AND a.finished_at IS NULL
                """,
                now,
                Tx.tenants(outcomes.stream().map(o -> o.message().tenant()).toList()),
                Tx.uuids(outcomes.stream().map(o -> o.message().id().value()).toList()),
                Tx.integers(outcomes.stream().map(Outcome::attempt).toList()),
                Tx.texts(outcomes.stream().map(Outcome::code).toList()));
    }

    /** Locks what is claimed on lanes, whoever claimed it. */
    static List<Claimed> sending(Tx tx, List<LaneHold> holds) throws SQLException {
        if (holds.isEmpty()) {
            return List.of();
        }
        return tx.query(
                """
                SELECT m.*, a.lease_token FROM unnest(?, ?) AS n(tenant_id, phone_number_id)
                JOIN whatsapp_messages m ON m.tenant_id = n.tenant_id AND m.phone_number_id = n.phone_number_id
                JOIN whatsapp_message_attempts a
                    ON a.tenant_id = m.tenant_id AND a.message_id = m.message_id AND a.attempt = m.attempt
                WHERE m.stage = 'sending'
                ORDER BY m.tenant_id, m.message_id FOR UPDATE OF m
                """,
                row -> new Claimed(MessageRows.read(row), row.longInteger("lease_token")),
                Tx.tenants(holds.stream().map(LaneHold::tenant).toList()),
                Tx.texts(holds.stream().map(LaneHold::phoneNumberId).toList()));
    }

    private static Optional<SendResult> result(Call.End end) {
        return end instanceof Call.End.Made(var result) ? Optional.of(result) : Optional.empty();
    }

    /** In one word, as it is kept. */
    static String outcome(Call.End end) {
        return result(end)
                .map(result ->
                        switch (result) {
                            case SendResult.Accepted accepted ->
                                    accepted.held() ? "held" : "accepted";
                            case SendResult.RetryLater later -> "retry";
                            case SendResult.LaneParked parked -> "parked";
                            case SendResult.WindowClosed closed -> "window_closed";
                            case SendResult.Refused refused -> "refused";
                            case SendResult.Unknown unknown -> "unknown";
                        })
                .orElse("not_sent");
    }

    private static @Nullable String code(SendResult result) {
        return switch (result) {
            case SendResult.Accepted accepted -> null;
            case SendResult.RetryLater later -> later.code();
            case SendResult.LaneParked parked -> parked.code();
            case SendResult.WindowClosed closed -> closed.code();
            case SendResult.Refused refused -> refused.code();
            case SendResult.Unknown unknown -> unknown.code();
        };
    }

    private static <T> Object texts(List<T> items, Function<T, @Nullable String> value) {
        return Tx.texts(items.stream().<@Nullable String>map(value).toList());
    }
}
