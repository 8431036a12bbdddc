package dev.gesher.whatsapp;

import dev.gesher.simulator.GraphSimulator;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The connector with its database and its vault, as a process would run it. */
public final class ConnectorContext {
    private ConnectorContext() {}

    /** Against a simulator of Meta. */
    public static ApplicationContext start(
            TestDatabase database,
            GraphSimulator simulator,
            Map<String, String> more,
            Object... singletons) {
        var settings = new HashMap<String, String>();
        settings.put("gesher.meta.app-id", simulator.options().appId());
        settings.put("gesher.meta.app-secret", simulator.options().appSecret());
        settings.put("gesher.meta.graph-url", simulator.graphUrl());
        settings.put("gesher.graph.connect", "2s");
        settings.put("gesher.graph.answer", "2s");
        settings.put("gesher.graph.send-answer", "2s");
        settings.putAll(more);
        return start(database, settings, singletons);
    }

    /** Against whatever the settings name. */
    public static ApplicationContext start(
            TestDatabase database, Map<String, String> more, Object... singletons) {
        var settings = new HashMap<String, Object>(database.datasource());
        settings.put("datasources.default.connection-init-sql", "SET ROLE gesher_service");
        settings.put("datasources.default.maximum-pool-size", "6");
        settings.put("gesher.mode", "demo");
        settings.put(
                "gesher.data-dir",
                Path.of(
                                System.getProperty("java.io.tmpdir"),
                                "data-" + ProcessHandle.current().pid() + "-" + database.name())
                        .toString());
        settings.putAll(more);
        return ApplicationContext.builder().properties(settings).singletons(singletons).start();
    }
}
