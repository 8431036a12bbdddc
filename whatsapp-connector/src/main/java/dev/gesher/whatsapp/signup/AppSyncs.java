package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AppSync;
import dev.gesher.whatsapp.AppSync.State;
import dev.gesher.whatsapp.graph.GraphApi;
import dev.gesher.whatsapp.graph.GraphReply;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for the contacts and the history of numbers on the Business app. A number works without its
 * past, so a failure stops no signup: it is asked again until Meta's day is over.
 */
@Singleton
final class AppSyncs implements Timers.Handler {
    private static final String CONTACTS = "smb_app_state_sync";
    private static final String HISTORY = "history";
    private static final String TIMER = "app_sync";
    private static final Duration PAUSE = Duration.ofMinutes(5);
    private static final Logger log = LoggerFactory.getLogger(AppSyncs.class);

    private final GraphApi graph;
    private final Vault vault;
    private final TenantScope scope;
    private final Timers timers;
    private final Clock clock;

    AppSyncs(GraphApi graph, Vault vault, TenantScope scope, Timers timers, Clock clock) {
        this.graph = graph;
        this.vault = vault;
        this.scope = scope;
        this.timers = timers;
        this.clock = clock;
    }

    /** Asks Meta for what is pending; outside any transaction. */
    AppSync ask(SecretText token, String phoneNumberId, AppSync sync) {
        return new AppSync(
                ask(token, phoneNumberId, CONTACTS, sync.contacts()),
                ask(token, phoneNumberId, HISTORY, sync.history()),
                sync.until());
    }

    private State ask(SecretText token, String phoneNumberId, String type, State state) {
        if (state != State.PENDING) {
            return state;
        }
        return switch (graph.syncFromApp(token, phoneNumberId, type)) {
            case GraphReply.Success _ -> State.REQUESTED;
            case GraphReply.Refusal refusal when refusal.error().isSyncRepeated() ->
                    State.REQUESTED;
            case GraphReply.Refusal refusal when refusal.error().isSyncDeclined() -> State.DECLINED;
            case GraphReply.Refusal refusal when refusal.error().isSyncTooLate() -> State.TOO_LATE;
            case GraphReply reply -> {
                log.info("sync type={} reply={}", type, reply);
                yield State.PENDING;
            }
        };
    }

    /** Writes how it stands, and sees to the rest. */
    void write(Tx tx, TenantId tenant, String phoneNumberId, AppSync sync) throws SQLException {
        int written =
                tx.update(
                        """
                        UPDATE whatsapp_connections
                        SET contacts_sync = ?, history_sync = ?, app_sync_until = ?
                        WHERE tenant_id = ? AND phone_number_id = ?
                        """,
                        sync.contacts(),
                        sync.history(),
                        sync.until(),
                        tenant,
                        phoneNumberId);
        if (written == 1 && sync.isPending()) {
            timers.set(tx, TIMER, tenant, tenant.value(), clock.instant().plus(PAUSE));
        } else {
            timers.cancel(tx, TIMER, tenant, tenant.value());
        }
    }

    /** How it stands with the tenant's number; empty if that is not on the Business app. */
    static Optional<AppSync> find(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                """
                SELECT c.contacts_sync, c.app_sync_until,
                       CASE WHEN s.value = 'refused' THEN 'declined' ELSE c.history_sync END AS history_sync,
                       CASE WHEN s.value LIKE 'progress %' THEN right(s.value, 3)::integer END AS progress
                FROM whatsapp_connections c
                LEFT JOIN account_states s
                    ON s.tenant_id = c.tenant_id AND s.subject_id = c.phone_number_id AND s.kind = 'history'
                        AND s.at >= c.app_sync_until - interval '1 day'
                WHERE c.tenant_id = ? AND c.contacts_sync IS NOT NULL
                """,
                row ->
                        new AppSync(
                                state(row, "contacts_sync"),
                                state(row, "history_sync"),
                                row.instant("app_sync_until"),
                                Optional.ofNullable(row.nullableInteger("progress"))),
                tenant);
    }

    private static State state(Row row, String column) throws SQLException {
        return State.valueOf(row.text(column).toUpperCase(Locale.ROOT));
    }

    @Override
    public String kind() {
        return TIMER;
    }

    @Override
    public void due(Tx tx, TenantId tenant, UUID object) throws SQLException {
        var sync = find(tx, tenant).filter(AppSync::isPending);
        var number = activeNumber(tx, tenant);
        if (sync.isEmpty() || number.isEmpty()) {
            // An attempt that is on its way to active has a timer; what ended needs none.
            if (sync.isPresent() && clock.instant().isBefore(sync.get().until())) {
                timers.set(tx, TIMER, tenant, object, clock.instant().plus(PAUSE));
            }
            return;
        }
        if (!clock.instant().isBefore(sync.get().until())) {
            write(tx, tenant, number.get(), tooLate(sync.get()));
            return;
        }
        timers.set(tx, TIMER, tenant, object, clock.instant().plus(PAUSE));
        tx.afterCommit(() -> {
            var _ =
                    Thread.ofVirtual()
                            .name("app-sync")
                            .start(() -> again(tenant, number.get(), sync.get()));
        });
    }

    private static AppSync tooLate(AppSync sync) {
        return new AppSync(
                sync.contacts() == State.PENDING ? State.TOO_LATE : sync.contacts(),
                sync.history() == State.PENDING ? State.TOO_LATE : sync.history(),
                sync.until());
    }

    private void again(TenantId tenant, String number, AppSync sync) {
        var token = vault.open(tenant, SecretName.META_ACCESS_TOKEN, "signup.sync");
        if (token.isPresent()) {
            var after = ask(token.get(), number, sync);
            scope.in(
                    tenant,
                    tx -> {
                        write(tx, tenant, number, after);
                        return null;
                    });
        }
    }

    private static Optional<String> activeNumber(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                """
                SELECT phone_number_id FROM whatsapp_connections
                WHERE tenant_id = ? AND status = 'active'
                """,
                row -> row.text("phone_number_id"),
                tenant);
    }
}
