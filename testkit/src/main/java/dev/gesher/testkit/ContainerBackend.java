package dev.gesher.testkit;

import dev.gesher.postgres.EmbeddedPostgres.Login;
import dev.gesher.testkit.TestServer.Backend;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A Testcontainers server. Its reaper's image can't be had everywhere, so the build turns the
 * reaper off (TESTCONTAINERS_RYUK_DISABLED in the parent pom): this JVM removes its container at
 * the end, and the containers of killed ones at its start.
 */
final class ContainerBackend implements Backend {
    private static final String LABEL = "dev.gesher.testkit.jvm";

    private final PostgreSQLContainer container;
    private final String image;

    private ContainerBackend(PostgreSQLContainer container, String image) {
        this.container = container;
        this.image = image;
    }

    static ContainerBackend start(DockerEngine engine, String image) {
        removeLeftovers();
        var container = new Container(engine, image);
        container
                .withUsername("postgres")
                .withPassword(TestServer.newPassword())
                .withDatabaseName("postgres")
                .withLabels(Map.of(LABEL, host() + " " + ProcessHandle.current().pid()));
        container.setCommand(
                "postgres",
                "-c",
                "fsync=off",
                "-c",
                "synchronous_commit=off",
                "-c",
                "full_page_writes=off",
                "-c",
                "max_connections=200");
        try {
            container.start();
        } catch (RuntimeException e) {
            container.stop();
            throw e;
        }
        return new ContainerBackend(container, image);
    }

    private static void removeLeftovers() {
        var client = DockerClientFactory.lazyClient();
        var ours = client.listContainersCmd().withLabelFilter(List.of(LABEL)).exec();
        for (var left : ours) {
            var owner = left.getLabels().getOrDefault(LABEL, "").split(" ", -1);
            if (owner[0].equals(host()) && ProcessHandle.of(Long.parseLong(owner[1])).isEmpty()) {
                client.removeContainerCmd(left.getId())
                        .withForce(true)
                        .withRemoveVolumes(true)
                        .exec();
            }
        }
    }

    private static String host() {
        var name = System.getenv("HOSTNAME");
        return name == null || name.isBlank() ? "here" : name;
    }

    @Override
    public String kind() {
        return "container of " + image;
    }

    @Override
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://"
                + container.getHost()
                + ":"
                + container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT)
                + "/"
                + database;
    }

    @Override
    public Login administrator() {
        return new Login(container.getUsername(), container.getPassword());
    }

    @Override
    public void close() {
        container.stop();
    }

    /**
     * The build tells Testcontainers where published ports are (see the parent pom); a remote
     * engine has its own.
     */
    private static final class Container extends PostgreSQLContainer {
        private final DockerEngine engine;

        Container(DockerEngine engine, String image) {
            super(image);
            this.engine = engine;
        }

        @Override
        public String getHost() {
            return engine.address() instanceof InetSocketAddress remote
                    ? remote.getHostString()
                    : super.getHost();
        }
    }
}
