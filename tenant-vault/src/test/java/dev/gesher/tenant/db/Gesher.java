package dev.gesher.tenant.db;

import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

/** An application's beans on a test's database; two of them are two processes to each other. */
final class Gesher {
    private Gesher() {}

    static ApplicationContext on(TestDatabase database, Object... singletons) {
        return on(database, database.jdbcUrl(), singletons);
    }

    /** On the same database, reached another way. */
    static ApplicationContext on(TestDatabase database, String jdbcUrl, Object... singletons) {
        var properties = new HashMap<String, Object>(database.datasource());
        properties.putAll(
                Map.of(
                        "datasources.default.url",
                        jdbcUrl,
                        "datasources.default.dialect",
                        "POSTGRES",
                        "datasources.default.connection-timeout",
                        2000,
                        "gesher.mode",
                        "demo",
                        "gesher.data-dir",
                        "target/data-" + database.name()));
        var all = java.util.Arrays.copyOf(singletons, singletons.length + 1);
        if (java.util.Arrays.stream(singletons).noneMatch(Clock.class::isInstance)) {
            all[singletons.length] = Clock.systemUTC();
        } else {
            all = singletons;
        }
        return ApplicationContext.builder().properties(properties).singletons(all).start();
    }
}
