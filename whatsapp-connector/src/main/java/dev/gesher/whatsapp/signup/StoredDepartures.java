package dev.gesher.whatsapp.signup;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.graph.GraphApi;
import dev.gesher.whatsapp.graph.GraphReply;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Departures as rows of {@code connection_departures}, each step recorded. */
@Singleton
final class StoredDepartures implements Departures {
    static final String TIMER = "connection_departure";

    private static final Logger log = LoggerFactory.getLogger(StoredDepartures.class);

    // A run takes two calls at most, and its claim a minute.
    private static final Duration LOOKED_AFTER = Duration.ofMinutes(2);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(30);
    private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

    /** A number is not held hostage by a Meta that does not answer. */
    private static final Duration GIVES_UP_AFTER = Duration.ofDays(1);

    private final TenantScope scope;
    private final Saga saga;
    private final Binding binding;
    private final GraphApi graph;
    private final Vault vault;
    private final Timers timers;
    private final AuditLog audit;
    private final Clock clock;

    StoredDepartures(
            TenantScope scope,
            Saga saga,
            Binding binding,
            GraphApi graph,
            Vault vault,
            Timers timers,
            AuditLog audit,
            Clock clock) {
        this.scope = scope;
        this.saga = saga;
        this.binding = binding;
        this.graph = graph;
        this.vault = vault;
        this.timers = timers;
        this.audit = audit;
        this.clock = clock;
    }

    @Override
    public Optional<Departure> leave(TenantId tenant, Cause cause, String actor) {
        scope.in(tenant, tx -> recordOrFind(tx, tenant, cause, actor))
                .ifPresent(id -> goOn(tenant, id));
        return latest(tenant);
    }

    /** The departure that this begins, or the one that is under way: somebody waits for it now. */
    private Optional<UUID> recordOrFind(Tx tx, TenantId tenant, Cause cause, String actor)
            throws SQLException {
        var begun = record(tx, tenant, cause, actor);
        return begun.isPresent()
                ? begun
                : DepartureRow.latest(tx, tenant)
                        .filter(row -> row.endedAt() == null)
                        .map(DepartureRow::id);
    }

    @Override
    public boolean begin(Tx tx, TenantId tenant, Cause cause, String actor) throws SQLException {
        var begun = record(tx, tenant, cause, actor);
        begun.ifPresent(id -> tx.afterCommit(() -> inBackground(tenant, id)));
        return begun.isPresent();
    }

    @Override
    public Optional<Departure> latest(TenantId tenant) {
        return scope.in(tenant, tx -> DepartureRow.latest(tx, tenant)).map(DepartureRow::view);
    }

    @Override
    public Optional<Instant> attemptsEnded(TenantId tenant) {
        return scope.in(tenant, tx -> AttemptRows.endedByLeaving(tx, tenant));
    }

    @Override
    public Optional<LeftPin> pin(TenantId tenant, Optional<String> phoneNumberId, String actor) {
        for (var number : scope.in(tenant, tx -> Binding.numbersLeft(tx, tenant))) {
            if (phoneNumberId.isPresent() && !phoneNumberId.get().equals(number)) {
                continue;
            }
            var pin = vault.open(tenant, Binding.pinOf(number), "connection.left");
            if (pin.isPresent()) {
                // Whoever finds it opened already is as much worth knowing.
                scope.in(tenant, tx -> shown(tx, tenant, number, actor));
                return Optional.of(new LeftPin(number, pin.get()));
            }
        }
        return Optional.empty();
    }

    private boolean shown(Tx tx, TenantId tenant, String number, String actor) throws SQLException {
        audit.record(tx, tenant, actor, "two_step_pin.shown", number, Map.of());
        return true;
    }

    /** Ends all that is ours at once; empty if there was no number to leave. */
    private Optional<UUID> record(Tx tx, TenantId tenant, Cause cause, String actor)
            throws SQLException {
        var now = clock.instant();
        int attempts = saga.endAll(tx, tenant);
        var left = binding.disconnect(tx, tenant, cause.code(), now);
        if (left.isEmpty()) {
            if (attempts > 0) {
                audit.record(
                        tx,
                        tenant,
                        actor,
                        "connection.attempts_ended",
                        tenant.toString(),
                        Map.of("cause", cause.code(), "attempts", String.valueOf(attempts)));
            }
            return Optional.empty();
        }
        var id = UuidCreator.getTimeOrderedEpoch();
        DepartureRow.insert(
                tx, tenant, id, left.get().wabaId(), left.get().phoneNumberId(), cause, actor, now);
        timers.set(tx, TIMER, tenant, id, now.plus(LOOKED_AFTER));
        audit.record(
                tx,
                tenant,
                actor,
                "connection.left",
                left.get().phoneNumberId(),
                Map.of("cause", cause.code(), "departure_id", id.toString()));
        return Optional.of(id);
    }

    /** What its timer does: the work itself waits until the timer's transaction is over. */
    void goOnLater(Tx tx, TenantId tenant, UUID id) throws SQLException {
        timers.set(tx, TIMER, tenant, id, clock.instant().plus(LOOKED_AFTER));
        tx.afterCommit(() -> inBackground(tenant, id));
    }

    private void inBackground(TenantId tenant, UUID id) {
        var _ = Thread.ofVirtual().name("departure").start(() -> goOn(tenant, id));
    }

    private void goOn(TenantId tenant, UUID id) {
        try {
            scope.in(tenant, tx -> claim(tx, tenant, id)).ifPresent(this::run);
        } catch (RuntimeException e) {
            // Its timer is set: it goes on then.
            log.warn("departure held up tenant={} departure={}", tenant, id, e);
        }
    }

    private Optional<DepartureRow> claim(Tx tx, TenantId tenant, UUID id) throws SQLException {
        var claimed = DepartureRow.claim(tx, tenant, id);
        if (claimed.isEmpty() && DepartureRow.isOver(tx, tenant, id)) {
            timers.cancel(tx, TIMER, tenant, id);
        }
        return claimed;
    }

    private void run(DepartureRow claimed) {
        var tenant = claimed.tenant();
        var token = vault.open(tenant, SecretName.META_ACCESS_TOKEN, "connection.leave");
        var row = claimed;
        if (row.unsubscribed() == null) {
            var wabaId = row.wabaId();
            var what = asked(row, token, () -> graph.unsubscribe(token.orElseThrow(), wabaId));
            if (what.isEmpty()) {
                putOff(row);
                return;
            }
            scope.in(tenant, tx -> step(tx, claimed, "unsubscribed", what.get()));
        }
        if (row.revoked() == null) {
            var what =
                    isOurs(row)
                            ? asked(row, token, () -> graph.revoke(token.orElseThrow()))
                            : Optional.of("kept");
            if (what.isEmpty()) {
                putOff(row);
                return;
            }
            scope.in(tenant, tx -> step(tx, claimed, "revoked", what.get()));
        }
        var pin = vault.open(tenant, SecretName.META_PIN, "connection.leave");
        scope.in(tenant, tx -> end(tx, claimed, pin));
    }

    /** A token that somebody made as a system user serves others too. */
    private boolean isOurs(DepartureRow row) {
        return scope.in(
                row.tenant(),
                tx -> AttemptRows.isFromSignup(tx, row.tenant(), row.phoneNumberId()));
    }

    /** What came of a call, in a word; empty if it is worth asking again. */
    private Optional<String> asked(
            DepartureRow row, Optional<SecretText> token, Supplier<GraphReply> call) {
        if (token.isEmpty()) {
            return Optional.of("no_token");
        }
        return switch (call.get()) {
            case GraphReply.Success _ -> Optional.of("done");
            case GraphReply.Refusal refusal when refusal.isFinal() ->
                    Optional.of("refused_" + refusal.error().codeText());
            case GraphReply reply -> {
                log.info("departure={} reply={}", row.id(), reply);
                yield clock.instant().isBefore(row.startedAt().plus(GIVES_UP_AFTER))
                        ? Optional.empty()
                        : Optional.of("gave_up");
            }
        };
    }

    private boolean step(Tx tx, DepartureRow claimed, String step, String what)
            throws SQLException {
        var row = held(tx, claimed);
        if (step.equals("unsubscribed")) {
            DepartureRow.unsubscribed(tx, row, what);
        } else {
            DepartureRow.revoked(tx, row, what);
        }
        return true;
    }

    private static DepartureRow held(Tx tx, DepartureRow claimed) throws SQLException {
        return DepartureRow.lock(tx, claimed)
                .orElseThrow(() ->
                        new IllegalStateException(
                                "departure " + claimed.id() + " is another run's"));
    }

    private boolean end(Tx tx, DepartureRow claimed, Optional<SecretText> pin) throws SQLException {
        var now = clock.instant();
        var row = held(tx, claimed);
        binding.letGo(tx, row.tenant(), row.phoneNumberId(), pin, now);
        DepartureRow.ended(tx, row, now);
        timers.cancel(tx, TIMER, row.tenant(), row.id());
        audit.record(
                tx,
                row.tenant(),
                "system:signup",
                "connection.released",
                row.phoneNumberId(),
                Map.of(
                        "departure_id",
                        row.id().toString(),
                        "unsubscribed",
                        String.valueOf(row.unsubscribed()),
                        "revoked",
                        String.valueOf(row.revoked())));
        log.info("left tenant={} departure={}", row.tenant(), row.id());
        return true;
    }

    private void putOff(DepartureRow row) {
        var pause = FIRST_PAUSE.multipliedBy(1L << Math.min(row.tries() - 1, 10));
        var until =
                clock.instant().plus(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
        scope.in(
                row.tenant(),
                tx -> {
                    DepartureRow.release(tx, row);
                    timers.set(tx, TIMER, row.tenant(), row.id(), until);
                    return null;
                });
    }
}
