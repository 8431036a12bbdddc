package dev.gesher.benchmarks;

import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.util.Map;

/**
 * The same libraries without Gesher: a server with management, security and a data source. Its
 * class path holds none of our modules but this one.
 */
public final class EmptyApplication {
    private EmptyApplication() {}

    /** Serves until it is told to end; the variables are those of Gesher. */
    public static void main(String[] arguments) throws InterruptedException {
        var environment = System.getenv();
        var context =
                ApplicationContext.builder()
                        .environmentPropertySource(false)
                        .deduceEnvironment(false)
                        .banner(false)
                        .properties(
                                Map.of(
                                        "micronaut.server.port",
                                        environment.get("GESHER_PORT"),
                                        "micronaut.server.host",
                                        "127.0.0.1",
                                        "datasources.default.url",
                                        environment.get("DATABASE_URL"),
                                        "datasources.default.username",
                                        environment.get("DATABASE_USER"),
                                        "datasources.default.password",
                                        environment.get("DATABASE_PASSWORD"),
                                        "datasources.default.driver-class-name",
                                        "org.postgresql.Driver"))
                        .start();
        Runtime.getRuntime().addShutdownHook(new Thread(context::close));
        context.getBean(EmbeddedServer.class).start();
        Thread.currentThread().join();
    }
}
