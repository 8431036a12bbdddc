package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CompileTimeConstant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.WebhookInbox;
import dev.gesher.whatsapp.WebhookIntake;
import dev.gesher.whatsapp.WebhookIntake.Receipt;
import io.micronaut.context.ApplicationContext;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The receiving side on a test's database; its workers run only when told to. */
final class Webhooks implements AutoCloseable {
    /** The time of the messages in the fixtures, and a little later. */
    static final Instant SENT = Instant.ofEpochSecond(1_790_000_000);

    final SettableClock clock = SettableClock.at(SENT.plusSeconds(5));
    final Recorder recorder = new Recorder();
    final ApplicationContext context;
    final TenantScope scope;
    final WebhookIntake intake;
    final WebhookInbox inbox;
    final Splitter splitter;
    final Applier applier;

    Webhooks(TestDatabase database) {
        this(database, Map.of());
    }

    Webhooks(TestDatabase database, Map<String, Object> more) {
        var properties = new HashMap<String, Object>(database.datasource());
        properties.put("datasources.default.dialect", "POSTGRES");
        properties.put("datasources.default.connection-timeout", 2000);
        properties.put("gesher.mode", "demo");
        properties.put("gesher.data-dir", "target/data-" + database.name());
        properties.put("gesher.meta.app-secret", Fixtures.SECRET);
        properties.put("gesher.meta.app-secret-previous", Fixtures.PREVIOUS);
        properties.put("gesher.meta.verify-token", "open sesame");
        properties.putAll(more);
        this.context =
                ApplicationContext.builder()
                        .properties(properties)
                        .singletons(clock, recorder)
                        .start();
        this.scope = context.getBean(TenantScope.class);
        this.intake = context.getBean(WebhookIntake.class);
        this.inbox = context.getBean(WebhookInbox.class);
        this.splitter = context.getBean(Splitter.class);
        this.applier = context.getBean(Applier.class);
    }

    /** Makes the tables of the {@link Recorder} and empties those of the inbox. */
    static void clear(TestDatabase database) {
        try (var connection = database.connect();
                var statement = connection.createStatement()) {
            statement.execute(
                    """
                    CREATE TABLE IF NOT EXISTS heard (
                        seq bigint GENERATED ALWAYS AS IDENTITY, tenant_id uuid NOT NULL, number text NOT NULL,
                        id text NOT NULL CHECK (id NOT LIKE '%refused%'), what text NOT NULL, times int NOT NULL DEFAULT 1,
                        UNIQUE (tenant_id, id, what));
                    CREATE TABLE IF NOT EXISTS heard_tenants (tenant_id uuid PRIMARY KEY, n int NOT NULL DEFAULT 0);
                    TRUNCATE heard, heard_tenants, webhook_inbox, webhook_inbox_pending, webhook_changes,
                        webhook_dead_letters, number_bindings, leases;
                    """);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    static TenantId aTenant() {
        return new TenantId(UUID.randomUUID());
    }

    /** A tenant that holds a number from long before the fixtures' time. */
    TenantId holderOf(String phoneNumberId, String wabaId) {
        var tenant = aTenant();
        bind(tenant, phoneNumberId, wabaId, SENT.minusSeconds(1_000_000), null);
        return tenant;
    }

    void bind(
            TenantId tenant,
            String phoneNumberId,
            String wabaId,
            Instant from,
            @Nullable Instant to) {
        scope.platform(tx -> bind(tx, tenant, phoneNumberId, wabaId, from, to));
    }

    static int bind(
            Tx tx,
            TenantId tenant,
            String phoneNumberId,
            String wabaId,
            Instant from,
            @Nullable Instant to)
            throws SQLException {
        tx.update("INSERT INTO heard_tenants VALUES (?) ON CONFLICT DO NOTHING", tenant);
        return tx.update(
                "INSERT INTO number_bindings (phone_number_id, waba_id, tenant_id, held_from, held_to) VALUES (?, ?, ?, ?, ?::timestamptz)",
                phoneNumberId,
                wabaId,
                tenant,
                from,
                to);
    }

    /** A tenant that is connected, with a number as people see it. */
    TenantId connected(String phoneNumberId, String wabaId, String displayed) {
        var tenant = holderOf(phoneNumberId, wabaId);
        scope.in(
                List.of(tenant),
                tx -> {
                    tx.update(
                            "INSERT INTO tenants (tenant_id, name, created_at, updated_at) VALUES (?, 'n', now(), now())",
                            tenant);
                    return tx.update(
                            """
                            INSERT INTO whatsapp_connections (tenant_id, waba_id, phone_number_id, display_phone_number,
                                status, status_since, created_at, updated_at)
                            VALUES (?, ?, ?, ?, 'active', now(), now(), now())
                            """,
                            tenant,
                            wabaId,
                            phoneNumberId,
                            displayed);
                });
        return tenant;
    }

    void deliver(String fixture) {
        deliver(Fixtures.body(fixture));
    }

    void deliver(byte[] body) {
        assertThat(intake.receive(body, Fixtures.sign(body), "corr"))
                .isEqualTo(new Receipt.Stored());
    }

    /** Works until nothing is left that can be done now. */
    void work() {
        while (splitter.round()) {}
        try {
            do {
                applier.awaitIdle();
            } while (applier.round());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** What the listener has heard and committed, in order: {@code <what> <id>}. */
    List<String> heardBy(TenantId tenant) {
        return scope.platform(tx ->
                tx.query(
                        "SELECT what, id FROM heard WHERE tenant_id = ? ORDER BY seq",
                        row -> row.text("what") + " " + row.text("id"),
                        tenant));
    }

    int count(@CompileTimeConstant final String sql) {
        return scope.platform(tx -> tx.query(sql, row -> row.integer("n")).getFirst());
    }

    int inState(String state) {
        return scope.platform(tx ->
                tx.query(
                                "SELECT count(*)::int AS n FROM webhook_changes WHERE state = ?",
                                row -> row.integer("n"),
                                state)
                        .getFirst());
    }

    @Override
    public void close() {
        context.close();
    }
}
