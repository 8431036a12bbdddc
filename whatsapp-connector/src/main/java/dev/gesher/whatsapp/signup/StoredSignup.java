package dev.gesher.whatsapp.signup;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Signup;
import dev.gesher.whatsapp.SignupFailure;
import dev.gesher.whatsapp.graph.GraphIds;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The signup: takes what people say, and lets the saga run. */
@Singleton
final class StoredSignup implements Signup {
    private static final int MAX_STEP_NAME = 64;

    private final Links links;
    private final Saga saga;
    private final TenantScope scope;
    private final Vault vault;
    private final AuditLog audit;
    private final Clock clock;

    StoredSignup(
            Links links, Saga saga, TenantScope scope, Vault vault, AuditLog audit, Clock clock) {
        this.links = links;
        this.saga = saga;
        this.scope = scope;
        this.vault = vault;
        this.audit = audit;
        this.clock = clock;
    }

    @Override
    public Link createLink(TenantId tenant, String createdBy) {
        return links.create(tenant, createdBy);
    }

    @Override
    public Optional<Session> exchangeLink(SecretText secret) {
        return links.exchange(secret);
    }

    @Override
    public Optional<Visitor> session(SecretText token) {
        return links.session(token);
    }

    @Override
    public Attempt submit(
            TenantId tenant, SecretText code, Optional<SessionEvent> event, String actor) {
        var waba = event.flatMap(told -> id(told.wabaId()));
        var number = event.flatMap(told -> id(told.phoneNumberId()));
        var row =
                scope.in(
                        tenant,
                        tx -> {
                            var begun =
                                    saga.begin(
                                            tx,
                                            tenant,
                                            UuidCreator.getTimeOrderedEpoch(),
                                            Source.EMBEDDED_SIGNUP,
                                            Step.EXCHANGE,
                                            waba.orElse(null),
                                            number.orElse(null),
                                            actor);
                            begun(tx, begun, actor);
                            return begun;
                        });
        return saga.exchange(row, code);
    }

    @Override
    public Optional<Attempt> tell(TenantId tenant, UUID attempt, SessionEvent event, String actor) {
        var waba = id(event.wabaId());
        var number = id(event.phoneNumberId());
        return goOn(
                tenant,
                attempt,
                (tx, row) -> {
                    if (waba.isEmpty()) {
                        return false;
                    }
                    if (row.status() == Status.RUNNING
                            && row.step().compareTo(Step.VERIFY) <= 0
                            && row.wantedWabaId() == null) {
                        // The running saga finds it when it comes to the choice.
                        AttemptRows.wanted(tx, row, waba.get(), number.orElse(null));
                        return false;
                    }
                    if (row.status() != Status.CHOOSE_NUMBER) {
                        return false;
                    }
                    // Only if it makes the choice; what it names must be among the choices anyway.
                    var matching =
                            row.choices().stream()
                                    .filter(choice ->
                                            choice.wabaId().equals(waba.get())
                                                    && number.map(choice.phoneNumberId()::equals)
                                                            .orElse(true))
                                    .toList();
                    if (matching.size() != 1) {
                        return false;
                    }
                    var made = matching.getFirst();
                    AttemptRows.wanted(tx, row, made.wabaId(), made.phoneNumberId());
                    return true;
                });
    }

    @Override
    public Attempt cancelled(TenantId tenant, String step, String actor) {
        var kept = step.replaceAll("[^A-Za-z0-9_]", "");
        var detail = kept.substring(0, Math.min(kept.length(), MAX_STEP_NAME));
        return scope.in(
                tenant,
                tx -> {
                    var now = clock.instant();
                    var id = UuidCreator.getTimeOrderedEpoch();
                    AttemptRows.insert(
                            tx,
                            tenant,
                            id,
                            Source.EMBEDDED_SIGNUP,
                            Step.EXCHANGE,
                            Status.ABANDONED,
                            null,
                            null,
                            actor,
                            now);
                    var row = AttemptRows.find(tx, tenant, id).orElseThrow();
                    AttemptRows.stop(
                            tx,
                            row,
                            Status.ABANDONED,
                            SignupFailure.CANCELLED,
                            detail.isEmpty() ? null : detail,
                            null,
                            now);
                    return saga.view(tx, AttemptRows.find(tx, tenant, id).orElseThrow());
                });
    }

    @Override
    public Optional<Attempt> choose(
            TenantId tenant, UUID attempt, String wabaId, String phoneNumberId, String actor) {
        return goOn(
                tenant,
                attempt,
                (tx, row) -> {
                    boolean offered =
                            row.status() == Status.CHOOSE_NUMBER
                                    && row.choices().stream()
                                            .anyMatch(choice ->
                                                    choice.wabaId().equals(wabaId)
                                                            && choice.phoneNumberId()
                                                                    .equals(phoneNumberId));
                    if (offered) {
                        AttemptRows.wanted(tx, row, wabaId, phoneNumberId);
                    }
                    return offered;
                });
    }

    @Override
    public Optional<Attempt> givePin(TenantId tenant, UUID attempt, SecretText pin, String actor) {
        if (!Signup.isPin(pin.reveal())) {
            throw new IllegalArgumentException("a PIN has six digits");
        }
        return goOn(
                tenant,
                attempt,
                (tx, row) -> {
                    AttemptRows.lockPinTries(tx, tenant);
                    var now = clock.instant();
                    if (row.status() != Status.NEEDS_PIN
                            || AttemptRows.pinTries(tx, row, now).left() == 0) {
                        return false;
                    }
                    AttemptRows.pinGiven(tx, row, now);
                    vault.store(tx, tenant, row.pinName(), pin, null);
                    return true;
                });
    }

    @Override
    public Optional<Attempt> retry(TenantId tenant, UUID attempt, String actor) {
        return goOn(
                tenant,
                attempt,
                (tx, row) -> {
                    var notBefore = row.retryAfter();
                    return row.retryable()
                            && (notBefore == null || !clock.instant().isBefore(notBefore));
                });
    }

    @Override
    public Optional<Attempt> attempt(TenantId tenant, UUID attempt) {
        return scope.in(tenant, tx -> viewed(tx, AttemptRows.find(tx, tenant, attempt)));
    }

    @Override
    public Optional<Attempt> latest(TenantId tenant) {
        return scope.in(tenant, tx -> viewed(tx, AttemptRows.latest(tx, tenant)));
    }

    @Override
    public Attempt connectWithToken(
            TenantId tenant,
            String wabaId,
            String phoneNumberId,
            SecretText accessToken,
            String actor) {
        if (!GraphIds.isId(wabaId) || !GraphIds.isId(phoneNumberId)) {
            throw new IllegalArgumentException("not an id of Meta's");
        }
        var row =
                scope.in(
                        tenant,
                        tx -> {
                            var begun =
                                    saga.begin(
                                            tx,
                                            tenant,
                                            UuidCreator.getTimeOrderedEpoch(),
                                            Source.SYSTEM_USER_TOKEN,
                                            Step.INSPECT,
                                            wabaId,
                                            phoneNumberId,
                                            actor);
                            vault.store(tx, tenant, begun.tokenName(), accessToken, null);
                            begun(tx, begun, actor);
                            return begun;
                        });
        return saga.run(row);
    }

    private void begun(Tx tx, AttemptRow row, String actor) throws SQLException {
        audit.record(
                tx,
                row.tenant(),
                actor,
                "connection.attempted",
                row.id().toString(),
                Map.of("source", row.source().name().toLowerCase(java.util.Locale.ROOT)));
    }

    private Optional<Attempt> viewed(Tx tx, Optional<AttemptRow> row) throws SQLException {
        return row.isEmpty() ? Optional.empty() : Optional.of(saga.view(tx, row.get()));
    }

    /** Goes on with an attempt if {@code may} says so, having written what it goes on with. */
    private Optional<Attempt> goOn(TenantId tenant, UUID attempt, May may) {
        record Taken(AttemptRow row, boolean runs) {}
        var taken =
                scope.in(
                        tenant,
                        tx -> {
                            var found = AttemptRows.lock(tx, tenant, attempt);
                            if (found.isEmpty()) {
                                return Optional.<Taken>empty();
                            }
                            return Optional.of(
                                    may.goOn(tx, found.get())
                                            ? new Taken(
                                                    saga.claim(
                                                            tx,
                                                            AttemptRows.find(tx, tenant, attempt)
                                                                    .orElseThrow()),
                                                    true)
                                            : new Taken(found.get(), false));
                        });
        return taken.map(one -> one.runs() ? saga.run(one.row()) : saga.view(one.row()));
    }

    private static Optional<String> id(@Nullable String told) {
        return Optional.ofNullable(told).filter(GraphIds::isId);
    }

    private interface May {
        boolean goOn(Tx tx, AttemptRow row) throws SQLException;
    }
}
