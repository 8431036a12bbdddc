package dev.gesher.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.data.connection.jdbc.advice.DelegatingDataSource;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class TenantScopeTest {
    private RunningVault running;
    private TenantScope scope;
    private TenantId ours;
    private TenantId theirs;

    @BeforeAll
    void start(TestDatabase database) {
        running = RunningVault.demo(database);
        scope = running.scope();
        ours = running.newTenant();
        theirs = running.newTenant();
    }

    @AfterAll
    void stop() {
        running.close();
    }

    @Test
    void a_transaction_sees_the_rows_of_its_set_only() {
        assertThat(scope.in(ours, TenantScopeTest::visible)).containsExactly(ours);
        assertThat(scope.in(theirs, TenantScopeTest::visible)).containsExactly(theirs);
        assertThat(scope.in(List.of(ours, theirs), TenantScopeTest::visible))
                .containsExactlyInAnyOrder(ours, theirs);
        assertThat(scope.in(new TenantId(UUID.randomUUID()), TenantScopeTest::visible)).isEmpty();
    }

    @Test
    void without_a_set_there_are_no_rows_whatever_ran_before_on_the_connection() {
        for (int i = 0; i < 10; i++) { // more than the pool has connections
            assertThat(scope.in(ours, TenantScopeTest::visible)).hasSize(1);
            assertThat(scope.platform(TenantScopeTest::visible)).isEmpty();
        }
    }

    @Test
    void another_tenants_row_cannot_be_written() {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() ->
                        scope.in(
                                ours,
                                tx ->
                                        tx.update(
                                                """
                                                INSERT INTO contacts (tenant_id, contact_id, created_at, updated_at)
                                                VALUES (?, ?, now(), now())
                                                """,
                                                theirs,
                                                UUID.randomUUID())))
                .matches(refused -> refused.sqlState().equals("42501"));
        int renamed =
                scope.in(
                        ours,
                        tx ->
                                tx.update(
                                        "UPDATE tenants SET name = 'x' WHERE tenant_id = ?",
                                        theirs));
        assertThat(renamed).isZero();
        assertThatThrownBy(() ->
                        scope.in(
                                ours,
                                tx ->
                                        tx.update(
                                                "UPDATE tenants SET tenant_id = ? WHERE tenant_id = ?",
                                                new TenantId(UUID.randomUUID()),
                                                ours)))
                .isInstanceOf(DatabaseException.class);
    }

    @Test
    void the_audit_trail_can_only_be_added_to() {
        scope.in(
                ours,
                tx -> {
                    running.bean(AuditLog.class).record(tx, ours, "test", "a.b", "c", Map.of());
                    return true;
                });
        for (var change :
                List.<SqlChange>of(
                        tx ->
                                tx.update(
                                        "UPDATE audit_log SET actor = 'x' WHERE tenant_id = ?",
                                        ours),
                        tx -> tx.update("DELETE FROM audit_log WHERE tenant_id = ?", ours))) {
            assertThatExceptionOfType(DatabaseException.class)
                    .isThrownBy(() -> scope.in(ours, change::run))
                    .matches(refused -> refused.sqlState().equals("42501"));
        }
    }

    @Test
    void a_connection_outside_is_refused() {
        var dataSource = running.bean(DataSource.class);
        assertThatThrownBy(() -> dataSource.getConnection().createStatement())
                .isInstanceOf(RuntimeException.class);
        var inner = DelegatingDataSource.unwrapDataSource(dataSource);
        assertThatThrownBy(inner::getConnection)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a connection was asked for outside TenantScope");
        assertThatThrownBy(() -> inner.getConnection("postgres", "postgres"))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void a_second_connection_within_is_refused() {
        var inner = DelegatingDataSource.unwrapDataSource(running.bean(DataSource.class));
        assertThatThrownBy(() ->
                        scope.in(
                                ours,
                                tx -> {
                                    try (var second = inner.getConnection()) {
                                        return second.isClosed();
                                    }
                                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a connection was asked for outside TenantScope");
    }

    @Test
    void a_set_cannot_grow_within_a_transaction() {
        assertThatThrownBy(() -> scope.in(ours, tx -> scope.in(theirs, TenantScopeTest::visible)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a transaction is open on this thread already");
    }

    @Test
    void a_transaction_carries_at_most_64_tenants() {
        var many = Stream.generate(() -> new TenantId(UUID.randomUUID())).limit(65).toList();

        assertThat(scope.in(many.subList(0, 64), TenantScopeTest::visible)).isEmpty();
        assertThatThrownBy(() -> scope.in(many, TenantScopeTest::visible))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("65 tenants in one transaction");
    }

    @Test
    void work_that_fails_leaves_nothing_behind_and_runs_nothing_after() {
        var after = new ArrayList<String>();
        assertThatThrownBy(() ->
                        scope.in(
                                ours,
                                tx -> {
                                    tx.afterCommit(() -> after.add("ran"));
                                    tx.update(
                                            "UPDATE tenants SET name = 'x' WHERE tenant_id = ?",
                                            ours);
                                    throw new IllegalStateException("no");
                                }))
                .hasMessage("no");
        assertThat(after).isEmpty();
        assertThat(
                        running.count(
                                "SELECT count(*) FROM tenants WHERE tenant_id = ? AND name = 'x'",
                                ours.value()))
                .isZero();

        scope.in(
                ours,
                tx -> {
                    tx.afterCommit(() -> after.add("ran"));
                    return true;
                });
        assertThat(after).containsExactly("ran");
    }

    @Test
    void a_refusal_carries_its_sqlstate_and_no_values() {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() ->
                        scope.in(
                                ours,
                                tx ->
                                        tx.update(
                                                "UPDATE tenants SET region = ? WHERE tenant_id = ?",
                                                "planted",
                                                ours)))
                .matches(refused -> refused.sqlState().equals("23514"))
                .withMessageNotContaining("planted");
    }

    @Test
    void a_set_based_write_that_misses_a_row_is_an_error() {
        assertThatThrownBy(() ->
                        scope.in(
                                ours,
                                tx -> {
                                    tx.updateExactly(
                                            2,
                                            "UPDATE tenants SET updated_at = now() WHERE tenant_id = any(?)",
                                            Tx.tenants(List.of(ours, theirs)));
                                    return true;
                                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("1 rows written for 2 items");
    }

    @Test
    void a_database_that_is_away_is_told_from_a_refusal() {
        assertThatThrownBy(() -> scope.platform(this::cutAndAsk))
                .isInstanceOf(DatabaseUnavailableException.class);
        assertThat(scope.in(ours, TenantScopeTest::visible)).hasSize(1);
    }

    private List<TenantId> cutAndAsk(Tx tx) throws SQLException {
        int pid = tx.one("SELECT pg_backend_pid() AS pid", row -> row.integer("pid")).orElseThrow();
        running.count("SELECT count(pg_terminate_backend(?))", pid);
        return visible(tx);
    }

    @Test
    void a_pool_with_nothing_free_is_a_database_that_is_away() throws Exception {
        var taken = new CountDownLatch(4);
        var done = new CountDownLatch(1);
        var holders = new ArrayList<Future<Boolean>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 4; i++) {
                holders.add(
                        threads.submit(() ->
                                scope.platform(tx -> {
                                    taken.countDown();
                                    return awaited(done);
                                })));
            }
            taken.await();
            assertThatThrownBy(() -> scope.platform(TenantScopeTest::visible))
                    .isInstanceOf(DatabaseUnavailableException.class);
            done.countDown();
            for (var holder : holders) {
                assertThat(holder.get()).isTrue();
            }
        }
    }

    @Test
    void the_serving_role_owns_nothing_and_bypasses_nothing() {
        assertThat(role(scope)).isEqualTo("gesher_service super=f bypass=f owns=0");
    }

    /** As {@code DATABASE_USER=postgres} would. */
    @Test
    void a_superusers_login_drops_to_the_serving_role(TestDatabase database) {
        String login = "root_" + UUID.randomUUID().toString().substring(0, 8);
        running.asAdministrator("CREATE ROLE " + login + " SUPERUSER LOGIN PASSWORD 'secret'");
        try (var asRoot =
                RunningVault.start(
                        database,
                        Map.of(
                                "datasources.default.username",
                                login,
                                "datasources.default.password",
                                "secret",
                                "gesher.mode",
                                "demo",
                                "gesher.data-dir",
                                RunningVault.folderOf(database)))) {
            assertThat(role(asRoot.scope())).isEqualTo("gesher_service super=f bypass=f owns=0");
            assertThat(asRoot.scope().platform(TenantScopeTest::visible)).isEmpty();
            assertThat(asRoot.scope().in(ours, TenantScopeTest::visible)).containsExactly(ours);
        } finally {
            running.asAdministrator("DROP ROLE " + login);
        }
    }

    private static String role(TenantScope scope) {
        return scope.platform(tx ->
                        tx.one(
                                """
                                SELECT format('%s super=%s bypass=%s owns=%s', current_user, rolsuper, rolbypassrls,
                                    (SELECT count(*) FROM pg_class WHERE relowner = r.oid)) AS role
                                FROM pg_roles r WHERE rolname = current_user
                                    AND NOT current_setting('is_superuser')::boolean
                                """,
                                row -> row.text("role")))
                .orElseThrow();
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            latch.await();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Names no tenant on purpose: what is seen is what the policy lets through. */
    private static List<TenantId> visible(Tx tx) throws SQLException {
        return tx.query("SELECT tenant_id FROM tenants", row -> row.tenant());
    }

    private interface SqlChange {
        Integer run(Tx tx) throws SQLException;
    }
}
