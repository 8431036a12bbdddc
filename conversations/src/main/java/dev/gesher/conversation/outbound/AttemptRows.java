package dev.gesher.conversation.outbound;

import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.StoredMessage;
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
    record Outcome(MessageId message, int attempt, String code) {}

    /** A message that is being sent, with the token under which it was claimed. */
    record Claimed(StoredMessage message, long leaseToken) {}

    /** Committed before the call is made. */
    static void start(Tx tx, LaneHold hold, List<Call> calls) throws SQLException {
        if (calls.isEmpty()) {
            return;
        }
        tx.updateExactly(
                calls.size(),
                """
                INSERT INTO whatsapp_message_attempts (tenant_id, message_id, attempt, lease_token, route, started_at)
                SELECT ?::uuid, n.message_id, n.attempt, ?, n.route, n.started_at
                FROM unnest(?, ?, ?, ?) AS n(message_id, attempt, route, started_at)
                ON CONFLICT DO NOTHING
                """,
                hold.tenant(),
                hold.token(),
                Tx.uuids(calls.stream().map(call -> call.key().id().value()).toList()),
                Tx.integers(calls.stream().map(Call::attempt).toList()),
                texts(calls, call -> MessageRows.code(call.route())),
                Tx.instants(calls.stream().map(Call::startedAt).toList()));
    }

    /** Ends attempts; one that is ended already keeps its end. */
    static void finish(Tx tx, LaneHold hold, List<Ended> ended) throws SQLException {
        tx.update(
                """
                UPDATE whatsapp_message_attempts a
                SET finished_at = n.finished_at, outcome = n.outcome, error_code = n.error_code, fbtrace_id = n.fbtrace_id,
                    wa_message_id = coalesce(n.wa_message_id, a.wa_message_id)
                FROM unnest(?, ?, ?, ?, ?, ?, ?)
                    AS n(message_id, attempt, finished_at, outcome, error_code, fbtrace_id, wa_message_id)
                WHERE a.tenant_id = ? AND a.message_id = n.message_id AND a.attempt = n.attempt
                    AND a.lease_token = ? AND a.finished_at IS NULL
                """,
                Tx.uuids(ended.stream().map(e -> e.call().key().id().value()).toList()),
                Tx.integers(ended.stream().map(e -> e.call().attempt()).toList()),
                Tx.instants(ended.stream().map(Ended::at).toList()),
                texts(ended, AttemptRows::outcome),
                texts(ended, e -> result(e).map(AttemptRows::code).orElse(null)),
                texts(ended, e -> result(e).flatMap(SendResult::fbtraceId).orElse(null)),
                texts(
                        ended,
                        e ->
                                e.end() instanceof Call.End.Made(SendResult.Accepted accepted)
                                        ? accepted.waMessageId()
                                        : null),
                hold.tenant(),
                hold.token());
    }

    /** Ends attempts of which nothing will be heard from who made them. */
    static void abandon(Tx tx, TenantId tenant, List<Outcome> outcomes, Instant now)
            throws SQLException {
        if (outcomes.isEmpty()) {
            return;
        }
        tx.update(
                """
                UPDATE whatsapp_message_attempts a SET finished_at = ?, outcome = n.outcome
                FROM unnest(?, ?, ?) AS n(message_id, attempt, outcome)
                WHERE a.tenant_id = ? AND a.message_id = n.message_id AND a.attempt = n.attempt AND a.finished_at IS NULL
                """,
                now,
                Tx.uuids(outcomes.stream().map(o -> o.message().value()).toList()),
                Tx.integers(outcomes.stream().map(Outcome::attempt).toList()),
                Tx.texts(outcomes.stream().map(Outcome::code).toList()),
                tenant);
    }

    /** Locks what is claimed on a lane, whoever claimed it. */
    static List<Claimed> sending(Tx tx, LaneHold hold) throws SQLException {
        return tx.query(
                """
                SELECT m.*, a.lease_token FROM whatsapp_messages m
                JOIN whatsapp_message_attempts a
                    ON a.tenant_id = m.tenant_id AND a.message_id = m.message_id AND a.attempt = m.attempt
                WHERE m.tenant_id = ? AND m.phone_number_id = ? AND m.stage = 'sending'
                ORDER BY m.message_id FOR UPDATE OF m
                """,
                row -> new Claimed(MessageRows.read(row), row.longInteger("lease_token")),
                hold.tenant(),
                hold.phoneNumberId());
    }

    private static Optional<SendResult> result(Ended ended) {
        return ended.end() instanceof Call.End.Made(var result)
                ? Optional.of(result)
                : Optional.empty();
    }

    private static String outcome(Ended ended) {
        return result(ended)
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
