package dev.gesher.postgres;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server of our own in a data folder: made on first use, found again by the next
 * start, and left running when we end. Nothing listens but the loopback address, and nobody gets in
 * without the generated password.
 *
 * <p>The data folder holds {@code cluster} (the server's files), {@code password} and {@code
 * administrator-password}, {@code port}, {@code durability}, {@code server.log} and {@code lock}.
 * As root the server runs as an unprivileged system user, in the same place: it enters its folder
 * by working directory, so that the folders above may stay closed to it.
 */
public final class EmbeddedPostgres {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);

    private static final String USER = "gesher";
    private static final String ADMINISTRATOR = "postgres";
    private static final Duration TO_START =
            Duration.ofMinutes(5); // recovery after a crash may read much WAL
    private static final long LOG_LIMIT = 10_000_000;

    /**
     * Below the range that systems hand out for outgoing connections, so that no client of ours
     * sits on it.
     */
    private static final int FIRST_PORT = 20_000;

    private static final int LAST_PORT = 32_000;
    private static final Object ONE_AT_A_TIME = new Object();

    private final Path dataFolder;
    private final ServerProcess server;
    private final Login login;
    private final Login administrator;
    private final Durability durability;
    private final int port;

    /**
     * A user of the server with the password.
     *
     * @param user the name
     * @param password never printed
     */
    public record Login(String user, String password) {
        @Override
        public String toString() {
            return user;
        }
    }

    private EmbeddedPostgres(
            Path dataFolder,
            ServerProcess server,
            Login login,
            Login administrator,
            Durability durability,
            int port) {
        this.dataFolder = dataFolder;
        this.server = server;
        this.login = login;
        this.administrator = administrator;
        this.durability = durability;
        this.port = port;
    }

    /**
     * Finds the folder's server running, or starts it, or makes it first. Of several processes that
     * call this at once one starts the server and all get the same one.
     *
     * @param dataFolder a folder of its own; made when missing, then for its owner alone
     * @param durability what a commit promises; a folder that has ever been run fast is never run
     *     as durable
     * @throws EmbeddedPostgresException with a sentence for the user when there can be no server
     */
    public static EmbeddedPostgres start(Path dataFolder, Durability durability) {
        return start(dataFolder, durability, Machine.forDataIn(dataFolder));
    }

    static EmbeddedPostgres start(Path dataFolder, Durability durability, Machine machine) {
        synchronized (ONE_AT_A_TIME) { // file locks are held by the process, not by the thread
            var folder = dataFolder.toAbsolutePath().normalize();
            try {
                Folders.createPrivate(folder);
                try (var file =
                                FileChannel.open(
                                        folder.resolve("lock"),
                                        StandardOpenOption.CREATE,
                                        StandardOpenOption.WRITE);
                        var _ = file.lock()) {
                    return startLocked(folder.toRealPath(), durability, machine);
                }
            } catch (AccessDeniedException e) {
                throw new EmbeddedPostgresException(
                        "The database's folder "
                                + folder
                                + " cannot be used by this user ("
                                + e.getMessage()
                                + " is closed to "
                                + System.getProperty("user.name")
                                + "): start as its owner or choose another GESHER_DATA_DIR.",
                        e);
            } catch (IOException e) {
                throw new EmbeddedPostgresException(
                        "The database's folder " + folder + " cannot be used: " + e, e);
            }
        }
    }

    private static EmbeddedPostgres startLocked(Path folder, Durability durability, Machine machine)
            throws IOException {
        var binaries = Binaries.unpacked(machine.caches());
        var cluster = folder.resolve("cluster");
        var exists = Files.isDirectory(cluster);
        if (exists) {
            refuseOtherMajor(cluster, binaries);
            refuseLessDurable(folder, durability);
        }
        var owner = exists ? Optional.of(ServerUser.ownerOf(cluster)) : Optional.<String>empty();
        var server =
                new ServerProcess(
                        binaries,
                        ServerUser.choose(machine, owner),
                        machine.root(),
                        cluster,
                        folder.resolve("server.log"));
        if (!exists) {
            initialise(folder, server);
        }
        Folders.writePrivate(folder.resolve("durability"), durability + "\n");
        var login = new Login(USER, secret(folder, "password"));
        var administrator = new Login(ADMINISTRATOR, secret(folder, "administrator-password"));
        var port = findOrStart(folder, server, administrator, durability);
        return new EmbeddedPostgres(folder, server, login, administrator, durability, port);
    }

    private static void refuseOtherMajor(Path cluster, Binaries binaries) throws IOException {
        var major = Files.readString(cluster.resolve("PG_VERSION")).strip();
        if (!major.equals(binaries.major())) {
            throw new EmbeddedPostgresException(
                    "The database in "
                            + cluster.getParent()
                            + " was made by PostgreSQL "
                            + major
                            + " and this Gesher brings "
                            + binaries.major()
                            + ", which cannot read it: move the folder away, or start the Gesher that made it and dump it.");
        }
    }

    private static void refuseLessDurable(Path folder, Durability durability) throws IOException {
        var file = folder.resolve("durability");
        if (durability == Durability.DURABLE
                && Files.exists(file)
                && !Files.readString(file).strip().equals(Durability.DURABLE.toString())) {
            throw new EmbeddedPostgresException(
                    "The database in "
                            + folder
                            + " was written without fsync (for tests), so it promises nothing: choose another folder.");
        }
    }

    private static void initialise(Path folder, ServerProcess server) throws IOException {
        log.info("making a PostgreSQL {} database in {}", server.binaries().version(), folder);
        var random = new SecureRandom();
        Folders.writePrivate(folder.resolve("password"), newSecret(random) + "\n");
        Folders.writePrivate(folder.resolve("administrator-password"), newSecret(random) + "\n");
        var partial = folder.resolve("cluster.new");
        Folders.delete(partial);
        server.initialise(
                partial,
                new Login(USER, secret(folder, "password")),
                new Login(ADMINISTRATOR, secret(folder, "administrator-password")));
        Files.move(partial, folder.resolve("cluster"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String newSecret(SecureRandom random) {
        var bytes = new byte[32];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String secret(Path folder, String name) throws IOException {
        var file = folder.resolve(name);
        if (!Files.exists(file)) {
            throw new EmbeddedPostgresException(
                    "The database in " + folder + " has lost its " + name + " (" + file + ").");
        }
        return Files.readString(file).strip();
    }

    /** The port of the running server. */
    private static int findOrStart(
            Path folder, ServerProcess server, Login administrator, Durability durability)
            throws IOException {
        var deadline = System.nanoTime() + TO_START.toNanos();
        while (true) {
            var running = server.running();
            if (running.isEmpty()) {
                rotate(folder.resolve("server.log"));
                server.removeStalePidFile();
                startOnFreePort(folder, server, durability, deadline);
            } else if (answers(running.get().port(), administrator)) {
                return running.get().port();
            }
            if (System.nanoTime() > deadline) {
                throw new EmbeddedPostgresException(
                        "PostgreSQL is there but lets nobody in; its log: "
                                + folder.resolve("server.log"));
            }
            if (running.isPresent()) {
                pause(); // it is starting, recovering or stopping
            }
        }
    }

    private static void startOnFreePort(
            Path folder, ServerProcess server, Durability durability, long deadline)
            throws IOException {
        var port = rememberedOrNewPort(folder);
        try {
            server.start(port, durability, deadline);
            log.info("started PostgreSQL on port {}", port);
        } catch (EmbeddedPostgresException e) {
            if (isFree(port)) {
                throw e;
            }
            log.debug(
                    "port {} was taken while PostgreSQL started",
                    port,
                    e); // the next round takes another
        }
    }

    /**
     * A login by scram proves both sides: the server is ours, for it knows our password's verifier.
     */
    private static boolean answers(int port, Login administrator) {
        if (port == 0) {
            return false;
        }
        try (var _ = connect(port, "postgres", administrator)) {
            return true;
        } catch (SQLException e) {
            if (e.getSQLState() != null && e.getSQLState().startsWith("28")) {
                throw new EmbeddedPostgresException(
                        "The PostgreSQL server on port "
                                + port
                                + " refuses the password of our data folder.",
                        e);
            }
            if (!(e.getCause() instanceof ConnectException)) {
                log.debug("PostgreSQL does not answer yet", e);
            }
            return false;
        }
    }

    private static int rememberedOrNewPort(Path folder) throws IOException {
        var file = folder.resolve("port");
        if (Files.exists(file)) {
            var remembered = Integer.parseInt(Files.readString(file).strip());
            if (isFree(remembered)) {
                return remembered;
            }
            log.warn(
                    "port {} of the embedded PostgreSQL is taken; it moves to another", remembered);
        }
        var port = 0;
        do {
            port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
        } while (!isFree(port));
        Folders.writePrivate(file, port + "\n");
        return port;
    }

    private static boolean isFree(int port) {
        try (var _ = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void rotate(Path file) throws IOException {
        if (Files.exists(file) && Files.size(file) > LOG_LIMIT) {
            Files.move(
                    file,
                    file.resolveSibling(file.getFileName() + ".1"),
                    StandardCopyOption.REPLACE_EXISTING);
        }
    }

    static void pause() {
        try {
            Thread.sleep(Duration.ofMillis(50));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedPostgresException("interrupted while PostgreSQL was starting", e);
        }
    }

    /** How a client reaches a database of this server. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** The login that owns the databases: it may make databases and roles and is no superuser. */
    public String user() {
        return login.user();
    }

    /** The password of {@link #user()}. */
    public String password() {
        return login.password();
    }

    /** The superuser, for what the owner of a database can't do; the product does not use it. */
    public Login administrator() {
        return administrator;
    }

    /** The TCP port on the loopback address. */
    public int port() {
        return port;
    }

    /** The server's log. */
    public Path logFile() {
        return dataFolder.resolve("server.log");
    }

    /** The running server's version as it says itself, like {@code 18.6}. */
    public String version() {
        return setting("server_version");
    }

    /**
     * The value a setting has for a new session, as the server says.
     *
     * @throws EmbeddedPostgresException when there is no such setting or no answer
     */
    public String setting(String name) {
        try (var connection = connect(port, "postgres", administrator);
                var statement = connection.prepareStatement("SELECT current_setting(?)")) {
            statement.setString(1, name);
            try (var row = statement.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        } catch (SQLException e) {
            throw new EmbeddedPostgresException("PostgreSQL did not say its " + name, e);
        }
    }

    /**
     * Makes an empty database owned by {@link #user()}; one that is there stays as it is.
     *
     * @return whether it was made
     */
    public boolean createDatabaseIfMissing(String name) {
        try (var connection = connect(port, "postgres", login);
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE \"" + name.replace("\"", "\"\"") + "\"");
            return true;
        } catch (SQLException e) {
            // 42P04 is duplicate_database; of two at the same time one fails at the unique index
            if ("42P04".equals(e.getSQLState()) || "23505".equals(e.getSQLState())) {
                return false;
            }
            throw new EmbeddedPostgresException("The database " + name + " could not be made", e);
        }
    }

    /**
     * Ends the server in order: open sessions are cut, what is committed stays. Nothing to end is
     * fine.
     */
    public void stop() {
        synchronized (ONE_AT_A_TIME) {
            server.stop(durability == Durability.FAST ? "immediate" : "fast");
        }
    }

    /**
     * Ends the server that runs in a data folder, at once and without order, as for data nobody
     * will read.
     */
    public static void stopIn(Path dataFolder) {
        var cluster = dataFolder.toAbsolutePath().resolve("cluster");
        if (!Files.isDirectory(cluster)) {
            return;
        }
        try {
            var machine = Machine.forDataIn(dataFolder);
            var owner = Optional.of(ServerUser.ownerOf(cluster));
            new ServerProcess(
                            Binaries.unpacked(machine.caches()),
                            ServerUser.choose(machine, owner),
                            machine.root(),
                            cluster,
                            dataFolder.resolve("server.log"))
                    .stop("immediate");
        } catch (IOException e) {
            throw new EmbeddedPostgresException("PostgreSQL could not be stopped: " + e, e);
        }
    }

    private static Connection connect(int port, String database, Login login) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", login.user());
        properties.setProperty("password", login.password());
        properties.setProperty("connectTimeout", "5");
        properties.setProperty("loginTimeout", "10");
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + database, properties);
    }
}
