package dev.gesher.tenant;

import dev.gesher.tenant.Tenants.NewTenant;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The module as a process would run it, on a clock that stands; several make several replicas. */
public final class RunningVault implements AutoCloseable {
    private final ApplicationContext context;
    private final SettableClock clock;
    private final TestDatabase database;

    private RunningVault(ApplicationContext context, SettableClock clock, TestDatabase database) {
        this.context = context;
        this.clock = clock;
        this.database = database;
    }

    /** In demo mode, with its data folder beside the tests'. */
    public static RunningVault demo(TestDatabase database) {
        return start(
                database, Map.of("gesher.mode", "demo", "gesher.data-dir", folderOf(database)));
    }

    public static RunningVault start(TestDatabase database, Map<String, String> properties) {
        var clock = SettableClock.at("2026-03-01T10:00:00Z");
        return new RunningVault(
                ApplicationContext.builder()
                        .properties(new HashMap<>(properties(database, properties)))
                        .singletons(clock)
                        .start(),
                clock,
                database);
    }

    private static Map<String, String> properties(TestDatabase database, Map<String, String> more) {
        var all = new HashMap<>(database.datasource());
        all.put("datasources.default.connection-init-sql", "SET ROLE gesher_service");
        all.put("datasources.default.maximum-pool-size", "4");
        all.put("datasources.default.connection-timeout", "2000");
        all.putAll(more);
        return all;
    }

    static String folderOf(TestDatabase database) {
        try {
            var folders = Path.of(System.getProperty("java.io.tmpdir"), "vault-tests");
            Files.createDirectories(folders);
            return folders.resolve(ProcessHandle.current().pid() + "-" + database.name())
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public SettableClock clock() {
        return clock;
    }

    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    public TenantScope scope() {
        return bean(TenantScope.class);
    }

    public Vault vault() {
        return bean(Vault.class);
    }

    public TenantId newTenant() {
        return bean(Tenants.class).create(new NewTenant("מאפיית דנה", "he", "IL"), "operator").id();
    }

    public void store(TenantId tenant, SecretName name, String secret) {
        scope().in(
                        tenant,
                        tx -> {
                            vault().store(tx, tenant, name, SecretText.of(secret), null);
                            return true;
                        });
    }

    /** Runs a statement as someone whom no policy holds back. */
    public int asAdministrator(String sql, Object... arguments) {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            return statement.executeUpdate();
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The one number that a query answers, asked as someone who sees every row. */
    public long count(String sql, Object... arguments) {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            try (var result = statement.executeQuery()) {
                result.next();
                return result.getLong(1);
            }
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
