package dev.gesher.whatsapp.account;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.account.Proofs.Verdict;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Meta told that would end a connection, or bring one back: nothing is done about it before a
 * call to Graph has confirmed it. Until Graph answers it is asked again, and sending follows what
 * Meta answers to sends.
 */
@Singleton
final class Suspicions implements Timers.Handler {
    static final String ACTOR = "system:meta";

    private static final String TIMER = "account_proof";
    private static final Logger log = LoggerFactory.getLogger(Suspicions.class);

    // A proof takes two calls, each bounded in time.
    private static final Duration LOOKED_AFTER = Duration.ofMinutes(2);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(30);
    private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

    /** What comes back may take Meta a while; after that somebody has to connect anew. */
    private static final Duration COMES_BACK = Duration.ofDays(1);

    private static final Meters.Counts PROOFS =
            Meters.counts(
                            "gesher.account.proofs",
                            "Calls to Graph that were to prove what webhooks told of an account",
                            "verdict")
                    .known("confirmed")
                    .known("refuted")
                    .known("unknown");

    /** What is suspected, and what Graph is asked to prove it. */
    enum Suspicion {
        PARTNER_REMOVED(Question.ACCESS_LOST),
        APP_UNINSTALLED(Question.ACCESS_LOST),
        DEAUTHORIZED(Question.ACCESS_LOST),
        ACCOUNT_DELETED(Question.ACCESS_LOST),
        DISABLED(Question.CANNOT_SEND),
        OFFBOARDED(Question.CANNOT_SEND),
        REINSTATED(Question.CAN_SEND),
        RECONNECTED(Question.CAN_SEND);

        private final Question question;

        Suspicion(Question question) {
            this.question = question;
        }

        String code() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** What keeps the connection from sending: began, or is over. */
        ConnectionCause cause() {
            return this == DISABLED || this == REINSTATED
                    ? ConnectionCause.ACCOUNT_DISABLED
                    : ConnectionCause.ACCOUNT_OFFBOARDED;
        }

        /** What the connection may have been stopped for: a refused send may have told first. */
        Set<ConnectionCause> causes() {
            return this == REINSTATED
                    ? EnumSet.of(cause(), ConnectionCause.RESTRICTED)
                    : EnumSet.of(cause());
        }

        /** What this ends, which must have been decided before. */
        List<Suspicion> ends() {
            return switch (this) {
                case REINSTATED -> List.of(DISABLED);
                case RECONNECTED -> List.of(OFFBOARDED);
                default -> List.of();
            };
        }
    }

    /** What Graph is asked. */
    enum Question {
        ACCESS_LOST,
        CANNOT_SEND,
        CAN_SEND
    }

    private final Proofs proofs;
    private final Connections connections;
    private final Departures departures;
    private final TenantScope scope;
    private final Timers timers;
    private final AuditLog audit;
    private final Clock clock;

    Suspicions(
            Proofs proofs,
            Connections connections,
            Departures departures,
            TenantScope scope,
            Timers timers,
            AuditLog audit,
            Clock clock) {
        this.proofs = proofs;
        this.connections = connections;
        this.departures = departures;
        this.scope = scope;
        this.timers = timers;
        this.audit = audit;
        this.clock = clock;
    }

    private record Open(
            TenantId tenant,
            UUID id,
            String waba,
            String number,
            Suspicion suspicion,
            Instant toldAt,
            int tries) {
        static Open of(Row row) throws SQLException {
            return new Open(
                    row.tenant(),
                    row.uuid("suspicion_id"),
                    row.text("waba_id"),
                    row.text("phone_number_id"),
                    Suspicion.valueOf(row.text("kind").toUpperCase(Locale.ROOT)),
                    row.instant("told_at"),
                    row.integer("tries"));
        }
    }

    /** Records what Meta told, to be proven as soon as that has committed. */
    void raise(Item item, Suspicion suspicion) throws SQLException {
        if (works(item.connection())) {
            raise(item.tx(), item.tenant(), item.waba(), item.number(), suspicion, item.at());
        }
    }

    void raise(
            Tx tx, TenantId tenant, String waba, String number, Suspicion suspicion, Instant toldAt)
            throws SQLException {
        var id =
                tx.one(
                                """
                                INSERT INTO account_suspicions AS s
                                    (tenant_id, suspicion_id, waba_id, phone_number_id, kind, told_at)
                                VALUES (?, ?, ?, ?, ?, ?)
                                ON CONFLICT (tenant_id, waba_id, kind) DO UPDATE
                                SET told_at = greatest(s.told_at, excluded.told_at),
                                    phone_number_id = excluded.phone_number_id, tries = 0
                                RETURNING suspicion_id
                                """,
                                row -> row.uuid("suspicion_id"),
                                tenant,
                                UuidCreator.getTimeOrderedEpoch(),
                                waba,
                                number,
                                suspicion,
                                toldAt)
                        .orElseThrow();
        timers.set(tx, TIMER, tenant, id, clock.instant());
    }

    private static boolean works(Connection connection) {
        return connection.status() == Connection.Status.ACTIVE
                || connection.status() == Connection.Status.INVALID;
    }

    @Override
    public String kind() {
        return TIMER;
    }

    /** The call itself waits until the timer's transaction is over. */
    @Override
    public void due(Tx tx, TenantId tenant, UUID id) throws SQLException {
        if (find(tx, tenant, id).isPresent()) {
            timers.set(tx, TIMER, tenant, id, clock.instant().plus(LOOKED_AFTER));
            tx.afterCommit(() -> {
                var _ =
                        Thread.ofVirtual()
                                .name("account-proof")
                                .start(() -> proveOrWait(tenant, id));
            });
        }
    }

    private void proveOrWait(TenantId tenant, UUID id) {
        try (var _ = LogKeys.tenant(tenant)) {
            prove(tenant, id);
        } catch (RuntimeException e) {
            // Its timer is set: it is asked again then.
            log.warn("account not proven suspicion={}", id, e);
        }
    }

    private void prove(TenantId tenant, UUID id) {
        var open = scope.in(tenant, tx -> find(tx, tenant, id));
        if (open.isEmpty()) {
            return;
        }
        var asked = clock.instant();
        var verdict =
                proofs.ask(
                        open.get().suspicion().question,
                        tenant,
                        open.get().waba(),
                        open.get().number());
        PROOFS.add(1, verdict.name().toLowerCase(Locale.ROOT));
        scope.in(
                tenant,
                tx -> {
                    decide(tx, open.get(), verdict, asked);
                    return true;
                });
    }

    private void decide(Tx tx, Open open, Verdict verdict, Instant asked) throws SQLException {
        var still = find(tx, open.tenant(), open.id());
        if (still.isEmpty()) {
            return;
        }
        // Whoever connects anew just now has ended before this looks.
        tx.lockInOrder(
                "SELECT FROM whatsapp_connections WHERE tenant_id = ? ORDER BY tenant_id FOR UPDATE",
                open.tenant());
        var connection =
                Optional.ofNullable(
                        connections.find(tx, List.of(open.tenant())).get(open.tenant()));
        if (connection.filter(now -> isAbout(now, open)).isEmpty()) {
            // Meanwhile the tenant left, or connected anew: there is nothing left to prove.
            forget(tx, open);
            return;
        }
        boolean comesBack = open.suspicion().question == Question.CAN_SEND;
        boolean mayComeBack =
                comesBack
                        && asked.isBefore(open.toldAt().plus(COMES_BACK))
                        && waits(connection.get(), open);
        if (verdict == Verdict.UNKNOWN
                || (verdict == Verdict.REFUTED && mayComeBack)
                || isUndecided(tx, open, open.suspicion().ends())) {
            putOff(tx, open);
            return;
        }
        if (verdict == Verdict.CONFIRMED) {
            act(tx, open, asked);
        }
        log.info(
                "account suspicion={} told_at={} {}",
                open.suspicion().code(),
                open.toldAt(),
                verdict);
        audit.record(
                tx,
                open.tenant(),
                ACTOR,
                verdict == Verdict.CONFIRMED
                        ? "connection.doubt_confirmed"
                        : "connection.doubt_refuted",
                open.number(),
                Map.of("told", open.suspicion().code(), "told_at", open.toldAt().toString()));
        forget(tx, open);
    }

    private static boolean isUndecided(Tx tx, Open open, List<Suspicion> others)
            throws SQLException {
        return !others.isEmpty()
                && tx.one(
                                """
                                SELECT true AS there FROM account_suspicions
                                WHERE tenant_id = ? AND waba_id = ? AND kind = ANY (?)
                                """,
                                row -> row.bool("there"),
                                open.tenant(),
                                open.waba(),
                                Tx.texts(others.stream().map(Suspicion::code).toList()))
                        .isPresent();
    }

    /** What Meta told is outdated once the number was verified after it. */
    private static boolean isAbout(Connection connection, Open open) {
        return works(connection)
                && connection.wabaId().equals(Optional.of(open.waba()))
                && connection.phoneNumberId().equals(Optional.of(open.number()))
                && connection.verifiedAt().filter(at -> !open.toldAt().isAfter(at)).isEmpty();
    }

    private static boolean waits(Connection connection, Open open) {
        return connection.status() == Connection.Status.INVALID
                && open.suspicion().causes().stream()
                        .anyMatch(cause -> connection.cause().equals(Optional.of(cause.code())));
    }

    private void act(Tx tx, Open open, Instant asked) throws SQLException {
        var now = clock.instant();
        var _ =
                switch (open.suspicion()) {
                    case PARTNER_REMOVED, APP_UNINSTALLED, DEAUTHORIZED ->
                            departures.begin(
                                    tx, open.tenant(), Departures.Cause.APP_REMOVED, ACTOR);
                    case ACCOUNT_DELETED ->
                            departures.begin(
                                    tx, open.tenant(), Departures.Cause.ACCOUNT_REMOVED, ACTOR);
                    case DISABLED, OFFBOARDED -> {
                        connections.invalidate(
                                tx,
                                open.tenant(),
                                open.number(),
                                open.suspicion().cause(),
                                asked,
                                now);
                        yield true;
                    }
                    case REINSTATED, RECONNECTED ->
                            connections.restore(
                                    tx,
                                    open.tenant(),
                                    open.number(),
                                    open.suspicion().causes(),
                                    asked,
                                    now);
                };
    }

    private void putOff(Tx tx, Open open) throws SQLException {
        tx.update(
                """
                UPDATE account_suspicions SET tries = tries + 1
                WHERE tenant_id = ? AND suspicion_id = ?
                """,
                open.tenant(),
                open.id());
        var pause = FIRST_PAUSE.multipliedBy(1L << Math.min(open.tries(), 10));
        timers.set(
                tx,
                TIMER,
                open.tenant(),
                open.id(),
                clock.instant().plus(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause));
    }

    /** Unless Meta told it once more meanwhile. */
    private void forget(Tx tx, Open open) throws SQLException {
        int gone =
                tx.update(
                        """
                        DELETE FROM account_suspicions
                        WHERE tenant_id = ? AND suspicion_id = ? AND told_at <= ?
                        """,
                        open.tenant(),
                        open.id(),
                        open.toldAt());
        if (gone == 1) {
            timers.cancel(tx, TIMER, open.tenant(), open.id());
        }
    }

    private static Optional<Open> find(Tx tx, TenantId tenant, UUID id) throws SQLException {
        return tx.one(
                "SELECT * FROM account_suspicions WHERE tenant_id = ? AND suspicion_id = ?",
                Open::of,
                tenant,
                id);
    }
}
