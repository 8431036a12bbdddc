package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Signup.Attempt;
import dev.gesher.whatsapp.Signup.Source;
import dev.gesher.whatsapp.Signup.Status;
import dev.gesher.whatsapp.Signup.Step;
import dev.gesher.whatsapp.SignupFailure;
import dev.gesher.whatsapp.graph.GraphApi;
import dev.gesher.whatsapp.graph.GraphReply;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs attempts step by step. One process runs an attempt at a time: a run holds a token until a
 * time by the database's clock, and every record of a step compares it.
 */
@Singleton
final class Saga {
    /** The kind of timer that looks after an attempt. */
    static final String TIMER = "connect_attempt";

    private static final List<Step> ORDER = List.of(Step.values());
    private static final Duration LOOKED_AFTER = Duration.ofMinutes(2);
    private static final Duration ABANDONED_AFTER = Duration.ofDays(7);
    private static final Duration REVOKED_WITHIN = Duration.ofDays(1);
    private static final Logger log = LoggerFactory.getLogger(Saga.class);

    private final TenantScope scope;
    private final Steps steps;
    private final Binding binding;
    private final GraphApi graph;
    private final Vault vault;
    private final Timers timers;
    private final Clock clock;

    Saga(
            TenantScope scope,
            Steps steps,
            Binding binding,
            GraphApi graph,
            Vault vault,
            Timers timers,
            Clock clock) {
        this.scope = scope;
        this.steps = steps;
        this.binding = binding;
        this.graph = graph;
        this.vault = vault;
        this.timers = timers;
        this.clock = clock;
    }

    /** Exchanges the code, once, and stores its token before anything else. */
    Attempt exchange(AttemptRow claimed, SecretText code) {
        var row = claimed;
        var reply = graph.exchangeCode(code);
        try {
            row = record(row, exchanged(row, reply));
        } catch (RuntimeException e) {
            revokeUnstored(reply);
            return broken(row, e);
        }
        if (row.step() == Step.EXCHANGE) {
            // The attempt ended while Meta was asked: the tenant left.
            revokeUnstored(reply);
        }
        return row.status() == Status.RUNNING ? run(row) : view(row);
    }

    /** Ends a token that was not stored, so that nobody will ever use it. */
    private void revokeUnstored(GraphReply exchanged) {
        if (exchanged instanceof GraphReply.Success(var body)
                && !body.path("access_token").asText("").isEmpty()) {
            var reply = graph.revoke(SecretText.of(body.path("access_token").asText()));
            if (!(reply instanceof GraphReply.Success)) {
                log.warn("an exchanged token could not be revoked reply={}", reply);
            }
        }
    }

    private Outcome exchanged(AttemptRow row, GraphReply reply) {
        return switch (reply) {
            case GraphReply.Success(var body)
                    when !body.path("access_token").asText("").isEmpty() -> {
                var token = SecretText.of(body.path("access_token").asText());
                yield new Outcome.Write(tx -> {
                    vault.store(tx, row.tenant(), row.tokenName(), token, null);
                    return Outcome.done();
                });
            }
            case GraphReply.Success _ -> Outcome.failed(SignupFailure.EXCHANGE_UNCLEAR);
            // Not a word about the code: it may be good still, but not for long enough.
            case GraphReply.Refusal refusal when !refusal.isFinal() ->
                    new Outcome.Failed(
                            SignupFailure.EXCHANGE_UNCLEAR, refusal.error().codeText(), null);
            case GraphReply.Refusal refusal ->
                    new Outcome.Failed(
                            SignupFailure.CODE_REFUSED, refusal.error().codeText(), null);
            case GraphReply.Strange(var status) ->
                    new Outcome.Failed(SignupFailure.EXCHANGE_UNCLEAR, "http_" + status, null);
            // The code was not spent, but its half minute will be over by the time anyone retries.
            case GraphReply.NeverLeft(var how) ->
                    new Outcome.Failed(SignupFailure.EXCHANGE_UNCLEAR, how, null);
            case GraphReply.NoAnswer(var how) ->
                    new Outcome.Failed(SignupFailure.EXCHANGE_UNCLEAR, how, null);
        };
    }

    /** Runs a claimed attempt until it is done, fails or waits for somebody. */
    Attempt run(AttemptRow claimed) {
        var row = claimed;
        try {
            while (row.status() == Status.RUNNING && row.runToken() == claimed.runToken()) {
                row = record(row, steps.run(row));
            }
            return view(row);
        } catch (RuntimeException e) {
            return broken(row, e);
        }
    }

    /** Writes down what came of a step, if this run still holds; returns the row as it is then. */
    private AttemptRow record(AttemptRow row, Outcome outcome) {
        try (var _ = LogKeys.tenant(row.tenant())) {
            return recorded(row, outcome);
        }
    }

    private AttemptRow recorded(AttemptRow row, Outcome outcome) {
        AttemptRow after;
        try {
            after = scope.in(row.tenant(), tx -> write(tx, row, outcome));
        } catch (Binding.ConnectedElsewhereException e) {
            var elsewhere = Outcome.failed(SignupFailure.NUMBER_CONNECTED_ELSEWHERE);
            after = scope.in(row.tenant(), tx -> write(tx, row, elsewhere));
        }
        if (after.isFinal() && after.runToken() == row.runToken()) {
            forget(after);
        }
        return after;
    }

    private AttemptRow write(Tx tx, AttemptRow row, Outcome outcome) throws SQLException {
        var locked = AttemptRows.lock(tx, row.tenant(), row.id()).orElseThrow();
        if (locked.runToken() != row.runToken() || locked.status() != Status.RUNNING) {
            // Another run took over; what this one saw is nobody's business any more.
            return locked;
        }
        var now = clock.instant();
        var decided = outcome instanceof Outcome.Write(var work) ? work.run(tx) : outcome;
        switch (decided) {
            case Outcome.Done(var note) -> advance(tx, row, "succeeded", note, now);
            case Outcome.Skipped() -> advance(tx, row, "skipped", null, now);
            // Meanwhile the browser told what it wants: the step runs again with that.
            case Outcome.Choose _
                    when locked.wantedWabaId() != null && row.wantedWabaId() == null -> {}
            case Outcome.Choose(var choices) -> {
                AttemptRows.choices(tx, row, AttemptRow.choicesJson(choices));
                AttemptRows.stop(tx, row, Status.CHOOSE_NUMBER, null, null, null, now);
            }
            case Outcome.NeedsPin(var failure) -> {
                AttemptRows.step(tx, row, row.step(), "failed", failure.code(), now);
                AttemptRows.stop(tx, row, Status.NEEDS_PIN, failure, null, null, now);
            }
            case Outcome.Failed(var failure, var detail, var retryAfter) ->
                    fail(tx, row, failure, detail, retryAfter, now);
            case Outcome.Write _ -> throw new IllegalStateException("a write within a write");
        }
        var after = AttemptRows.find(tx, row.tenant(), row.id()).orElseThrow();
        var next = lookedAfter(after, now);
        if (next.isPresent()) {
            timers.set(tx, TIMER, row.tenant(), row.id(), next.get());
        } else {
            timers.cancel(tx, TIMER, row.tenant(), row.id());
        }
        return after;
    }

    /** When somebody must look after an attempt; empty once it is connected. */
    private static Optional<Instant> lookedAfter(AttemptRow row, Instant now) {
        if (row.goesOnByItself()) {
            return Optional.of(Objects.requireNonNullElse(row.retryAfter(), now));
        }
        if (row.waits()) {
            return Optional.of(now.plus(ABANDONED_AFTER));
        }
        // One that failed for good has still a token to end, which its run does at once.
        return row.status() == Status.DONE ? Optional.empty() : Optional.of(now.plus(LOOKED_AFTER));
    }

    private static void advance(
            Tx tx, AttemptRow row, String outcome, @Nullable String note, Instant now)
            throws SQLException {
        AttemptRows.step(tx, row, row.step(), outcome, note, now);
        var next = ORDER.get(ORDER.indexOf(row.step()) + 1);
        AttemptRows.advance(tx, row, next, now);
        if (next == Step.DONE) {
            AttemptRows.stop(tx, row, Status.DONE, null, null, null, now);
            log.info("connected tenant={} attempt={}", row.tenant(), row.id());
        } else {
            AttemptRows.step(tx, row, next, "started", null, now);
        }
    }

    private void fail(
            Tx tx,
            AttemptRow row,
            SignupFailure failure,
            String detail,
            @Nullable Instant retryAfter,
            Instant now)
            throws SQLException {
        AttemptRows.step(tx, row, row.step(), "failed", failure.code(), now);
        AttemptRows.stop(
                tx, row, Status.FAILED, failure, detail.isEmpty() ? null : detail, retryAfter, now);
        if (failure.isFinal()) {
            binding.release(tx, row, failure, now);
        }
        log.info(
                "connecting failed tenant={} attempt={} step={} failure={} detail={}",
                row.tenant(),
                row.id(),
                row.step().code(),
                failure.code(),
                detail);
    }

    /**
     * Ends what a failed attempt leaves behind: its subscription and its token at Meta, and its
     * secrets here. Where Meta does not answer, its timer tries again, for a day.
     */
    private void forget(AttemptRow row) {
        if (row.source() == Source.EMBEDDED_SIGNUP
                && row.failure() != SignupFailure.TOKEN_OF_ANOTHER_APP) {
            var token = vault.open(row.tenant(), row.tokenName(), "signup.revoke");
            var live = vault.open(row.tenant(), SecretName.META_ACCESS_TOKEN, "signup.revoke");
            if (token.isPresent()
                    && live.filter(token.get()::matches).isEmpty()
                    && !revoked(row, token.get())) {
                return;
            }
        }
        scope.in(
                row.tenant(),
                tx -> {
                    vault.destroy(tx, row.tenant(), row.tokenName());
                    vault.destroy(tx, row.tenant(), row.pinName());
                    timers.cancel(tx, TIMER, row.tenant(), row.id());
                    return null;
                });
    }

    /** Whether nothing more can be done about the token. */
    private boolean revoked(AttemptRow row, SecretText token) {
        if (row.step().compareTo(Step.SUBSCRIBE) >= 0
                && scope.in(row.tenant(), tx -> binding.isFree(tx, row.waba()))) {
            var reply = graph.unsubscribe(token, row.waba());
            log.debug("unsubscribed attempt={} reply={}", row.id(), reply);
        }
        var reply = graph.revoke(token);
        if (reply instanceof GraphReply.Success) {
            return true;
        }
        log.info("a token could not be revoked attempt={} reply={}", row.id(), reply);
        return reply.isFinal() || clock.instant().isAfter(row.updatedAt().plus(REVOKED_WITHIN));
    }

    /** A fault of ours: the attempt can be retried at once, where it can be retried at all. */
    private Attempt broken(AttemptRow row, RuntimeException thrown) {
        if (thrown instanceof DatabaseUnavailableException) {
            // Nothing can be recorded; the run ends by itself in minutes, and can be retried then.
            throw thrown;
        }
        log.error(
                "a step broke tenant={} attempt={} step={}",
                row.tenant(),
                row.id(),
                row.step().code(),
                // A database error's cause may quote values.
                thrown instanceof DatabaseException e ? new DatabaseFailure(e.sqlState()) : thrown);
        var failure =
                row.step() == Step.EXCHANGE
                        ? SignupFailure.INTERRUPTED
                        : SignupFailure.INTERNAL_ERROR;
        return view(record(row, Outcome.failed(failure)));
    }

    Attempt view(AttemptRow row) {
        return scope.in(row.tenant(), tx -> view(tx, row));
    }

    Attempt view(Tx tx, AttemptRow row) throws SQLException {
        return row.view(AttemptRows.pinTries(tx, row, clock.instant()).left());
    }

    /** Makes an attempt that runs from its first step on. */
    AttemptRow begin(
            Tx tx,
            TenantId tenant,
            UUID id,
            Source source,
            Step step,
            @Nullable String wabaId,
            @Nullable String phoneNumberId,
            String actor)
            throws SQLException {
        var now = clock.instant();
        AttemptRows.insert(
                tx, tenant, id, source, step, Status.RUNNING, wabaId, phoneNumberId, actor, now);
        return claim(tx, AttemptRows.lock(tx, tenant, id).orElseThrow());
    }

    /** Makes an attempt run; the caller holds its lock and has seen that it may. */
    AttemptRow claim(Tx tx, AttemptRow row) throws SQLException {
        timers.set(tx, TIMER, row.tenant(), row.id(), clock.instant().plus(LOOKED_AFTER));
        return AttemptRows.claim(tx, row, clock.instant());
    }

    /**
     * Looks after an attempt whose time has come: goes on where a process died, and ends what
     * nobody came back to.
     */
    void lookAfter(Tx tx, TenantId tenant, UUID id) throws SQLException {
        var found = AttemptRows.lock(tx, tenant, id);
        if (found.isEmpty()) {
            return;
        }
        var row = found.get();
        var now = clock.instant();
        if (row.status() == Status.RUNNING) {
            if (row.runs()) {
                timers.set(tx, TIMER, tenant, id, now.plus(LOOKED_AFTER));
            } else {
                var claimed = claim(tx, row);
                tx.afterCommit(() -> inBackground(() -> run(claimed)));
            }
        } else if (row.goesOnByItself() && now.isBefore(row.createdAt().plus(ABANDONED_AFTER))) {
            var claimed = claim(tx, row);
            tx.afterCommit(() -> inBackground(() -> run(claimed)));
        } else if (row.waits()) {
            AttemptRows.step(tx, row, row.step(), "failed", SignupFailure.ABANDONED.code(), now);
            AttemptRows.stop(tx, row, Status.ABANDONED, SignupFailure.ABANDONED, null, null, now);
            binding.release(tx, row, SignupFailure.ABANDONED, now);
            forgetSoon(tx, row, now);
        } else if (row.isFinal()) {
            forgetSoon(tx, row, now);
        }
    }

    /**
     * Ends every attempt that somebody may still go on with.
     *
     * @return how many
     */
    int endAll(Tx tx, TenantId tenant) throws SQLException {
        var now = clock.instant();
        var open = AttemptRows.lockOpen(tx, tenant);
        for (var row : open) {
            fail(tx, row, SignupFailure.CONNECTION_LEFT, "", null, now);
            forgetSoon(tx, row, now);
        }
        return open.size();
    }

    /** Its token ends at Meta after the commit; should this process die before, by the timer. */
    private void forgetSoon(Tx tx, AttemptRow row, Instant now) throws SQLException {
        timers.set(tx, TIMER, row.tenant(), row.id(), now.plus(LOOKED_AFTER));
        tx.afterCommit(() -> inBackground(() -> forget(row)));
    }

    private static void inBackground(Runnable work) {
        var _ = Thread.ofVirtual().name("signup").start(work);
    }

    private static final class DatabaseFailure extends RuntimeException {
        DatabaseFailure(String sqlState) {
            super("SQLSTATE " + sqlState);
        }
    }
}
