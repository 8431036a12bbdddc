package dev.gesher.whatsapp.signup;

import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.signup.SignupGrant;
import dev.gesher.simulator.world.Business;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.Tenants.NewTenant;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.AccountNews;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.ConnectorContext;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.Departures.Departure;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.Signup;
import dev.gesher.whatsapp.Signup.Attempt;
import dev.gesher.whatsapp.Signup.SessionEvent;
import dev.gesher.whatsapp.WhatsAppClients;
import io.micronaut.context.ApplicationContext;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** The connector as a process would run it, against a simulator; several make several replicas. */
final class RunningSignup implements AutoCloseable {
    static final String ACTOR = "link:test";

    /** What a listener was told. */
    sealed interface Told {
        record Connected(Connection now, Optional<Connection> before) implements Told {}

        record Stopped(Connection now) implements Told {}
    }

    private final ApplicationContext context;
    private final TestDatabase database;
    private final GraphSimulator simulator;
    private final SettableClock clock;
    final List<Told> told = new CopyOnWriteArrayList<>();

    /** What the listener says about numbers that were left. */
    volatile boolean ending;

    RunningSignup(
            TestDatabase database,
            GraphSimulator simulator,
            SettableClock clock,
            Map<String, String> more) {
        this.database = database;
        this.simulator = simulator;
        this.clock = clock;
        this.context = ConnectorContext.start(database, simulator, more, clock, new Listener());
    }

    Signup signup() {
        return context.getBean(Signup.class);
    }

    Connections connections() {
        return context.getBean(Connections.class);
    }

    WhatsAppClients clients() {
        return context.getBean(WhatsAppClients.class);
    }

    Departures departures() {
        return context.getBean(Departures.class);
    }

    Vault vault() {
        return context.getBean(Vault.class);
    }

    TenantScope scope() {
        return context.getBean(TenantScope.class);
    }

    TenantId newTenant() {
        return context.getBean(Tenants.class)
                .create(new NewTenant("מאפיית דנה", "he", "IL"), "operator")
                .id();
    }

    Attempt submit(TenantId tenant, SignupGrant grant) {
        return signup().submit(
                        tenant, SecretText.of(grant.code()), Optional.of(event(grant)), ACTOR);
    }

    Attempt submitWithoutEvent(TenantId tenant, SignupGrant grant) {
        return signup().submit(tenant, SecretText.of(grant.code()), Optional.empty(), ACTOR);
    }

    static SessionEvent event(SignupGrant grant) {
        var data = grant.sessionEvent().path("data");
        return new SessionEvent(
                grant.sessionEvent().path("event").asText(),
                data.path("waba_id").textValue(),
                data.path("phone_number_id").textValue());
    }

    /** Calls to Graph as {@code METHOD path-with-PNID-and-WABA-named}, in order. */
    List<String> callsAbout(Business business) {
        return simulator.control().calls().stream()
                .map(call -> call.method() + " " + call.path().replace("/v21.0", ""))
                .map(call -> call.replace(business.phoneNumberId(), "PNID"))
                .map(call -> call.replace(business.wabaId(), "WABA"))
                .toList();
    }

    /** What a query answers, as text, asked as someone who sees every row. */
    List<String> look(String sql, Object... arguments) {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            var rows = new ArrayList<String>();
            try (var result = statement.executeQuery()) {
                while (result.next()) {
                    var row = new ArrayList<String>();
                    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        row.add(String.valueOf(result.getString(i)));
                    }
                    rows.add(String.join(" ", row));
                }
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    int change(String sql, Object... arguments) {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            return statement.executeUpdate();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The steps of an attempt with their outcomes, the started ones left out. */
    List<String> steps(Attempt attempt) {
        return look(
                "SELECT step, outcome, code FROM connect_attempt_steps WHERE attempt_id = ? AND outcome <> 'started' ORDER BY seq",
                attempt.id());
    }

    /** Does what the timer loop does once the attempt's timer is due. */
    void due(TenantId tenant, Attempt attempt) {
        scope().in(
                        tenant,
                        tx -> {
                            tx.update("DELETE FROM timers WHERE object_id = ?", attempt.id());
                            context.getBean(AttemptTimer.class).due(tx, tenant, attempt.id());
                            return null;
                        });
    }

    /** The same for the timer that asks for the past of a number on the Business app. */
    void syncDue(TenantId tenant) {
        scope().in(
                        tenant,
                        tx -> {
                            tx.update("DELETE FROM timers WHERE kind = 'app_sync'");
                            context.getBean(AppSyncs.class).due(tx, tenant, tenant.value());
                            return null;
                        });
    }

    /** What webhooks tell of a tenant's account, as conversations hand it on. */
    List<AccountNews.Told> tell(TenantId tenant, Business business, Instant at, AccountFact fact) {
        var news =
                new InboundSignal.News(
                        UUID.randomUUID().toString(), at, business.wabaId(), fact, "{}");
        return scope().in(
                        tenant,
                        tx ->
                                context.getBean(AccountNews.class)
                                        .apply(
                                                tx,
                                                List.of(
                                                        new InboundListener.Received(
                                                                tenant,
                                                                business.phoneNumberId(),
                                                                news,
                                                                "test"))));
    }

    /** Runs what is due of one kind, as the timer loop does. */
    void runDue(TenantId tenant, String kind) {
        var handler =
                context.getBeansOfType(Timers.Handler.class).stream()
                        .filter(bean -> bean.kind().equals(kind))
                        .findFirst()
                        .orElseThrow();
        scope().in(
                        tenant,
                        tx -> {
                            for (var object :
                                    tx.query(
                                            """
                                            DELETE FROM timers WHERE kind = ? AND tenant_id = ? AND due_at <= ?
                                            RETURNING object_id
                                            """,
                                            row -> row.uuid("object_id"),
                                            kind,
                                            tenant,
                                            clock.instant())) {
                                handler.due(tx, tenant, object);
                            }
                            return null;
                        });
    }

    /** The same for a departure's timer. */
    void due(TenantId tenant, Departure departure) {
        scope().in(
                        tenant,
                        tx -> {
                            tx.update("DELETE FROM timers WHERE object_id = ?", departure.id());
                            context.getBean(DepartureTimer.class).due(tx, tenant, departure.id());
                            return null;
                        });
    }

    List<String> timers(Departure departure) {
        return look(
                "SELECT due_at AT TIME ZONE 'UTC' || '+00' FROM timers WHERE object_id = ?",
                departure.id());
    }

    List<String> timers(Attempt attempt) {
        return look(
                "SELECT due_at AT TIME ZONE 'UTC' || '+00' FROM timers WHERE object_id = ?",
                attempt.id());
    }

    SettableClock clock() {
        return clock;
    }

    @Override
    public void close() {
        context.close();
    }

    private final class Listener implements Connections.Listener {
        @Override
        public void connected(Tx tx, Connection now, Optional<Connection> before) {
            tx.afterCommit(() -> told.add(new Told.Connected(now, before)));
        }

        @Override
        public void stopped(Tx tx, Connection now) {
            tx.afterCommit(() -> told.add(new Told.Stopped(now)));
        }

        @Override
        public void told(Tx tx, AccountNews.Told news) {
            // Only conversations tell.
        }

        @Override
        public boolean isEnding(Tx tx, TenantId tenant, String phoneNumberId) {
            return ending;
        }
    }
}
