package dev.gesher.postgres;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL's programs at work on one cluster.
 *
 * @param binaries the programs
 * @param user who runs them
 * @param root whether we are root
 * @param cluster the server's files
 * @param logFile where the programs and the server write
 */
record ServerProcess(Binaries binaries, ServerUser user, boolean root, Path cluster, Path logFile) {
    private static final Logger log = LoggerFactory.getLogger(ServerProcess.class);
    private static final Pattern COMPLAINT = Pattern.compile("(FATAL|ERROR|PANIC): +(.*)");

    /** Seconds pg_ctl waits; the server goes on starting or stopping after them. */
    private static final String PATIENCE = "300";

    /**
     * A server that lives.
     *
     * @param pid its process
     * @param port where it listens, 0 when it hasn't said yet
     */
    record Running(long pid, int port) {}

    /** Makes the files of a new server in an empty place, with both logins. */
    void initialise(Path place, EmbeddedPostgres.Login login, EmbeddedPostgres.Login administrator)
            throws IOException {
        Folders.createPrivate(place);
        user.own(place);
        // Nobody gets in before the passwords are set, and then only by them.
        run(
                place,
                "",
                "initdb",
                "-D",
                asSeenByServer(place),
                "--username=" + administrator.user(),
                "--auth=reject",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8");
        var roles =
                """
                ALTER ROLE %s PASSWORD '%s';
                CREATE ROLE %s LOGIN CREATEDB CREATEROLE PASSWORD '%s';
                """
                        .formatted(
                                administrator.user(),
                                administrator.password(),
                                login.user(),
                                login.password());
        run(place, roles, "postgres", "--single", "-D", asSeenByServer(place), "postgres");
        Files.writeString(
                place.resolve("pg_hba.conf"),
                """
                # Written by Gesher: the loopback address, by password.
                host all all 127.0.0.1/32 scram-sha-256
                """);
    }

    /** The server that has these files open, when it lives. */
    Optional<Running> running() throws IOException {
        return pidFile().filter(running -> isPostgres(running.pid()));
    }

    private Optional<Running> pidFile() throws IOException {
        var file = cluster.resolve("postmaster.pid");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        var lines = Files.readAllLines(file);
        if (lines.isEmpty() || lines.getFirst().isBlank()) {
            return Optional.empty();
        }
        var port = lines.size() > 3 ? lines.get(3).strip() : "";
        return Optional.of(
                new Running(
                        Long.parseLong(lines.getFirst().strip()),
                        port.isEmpty() ? 0 : Integer.parseInt(port)));
    }

    /**
     * After a reboot the number may be another program's, and a dead server that nobody has buried
     * is still listed.
     */
    private static boolean isPostgres(long pid) {
        var process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
        if (process.isEmpty()) {
            return false;
        }
        try {
            // "4711 (postgres) S …": readable whoever runs it, unlike the link to its program
            var line = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return line.contains("(postgres) ") && !line.contains(") Z ") && !line.contains(") X ");
        } catch (IOException e) {
            return !Files.exists(Path.of("/proc/self/stat")) // macOS
                    && process.get()
                            .info()
                            .command()
                            .map(command -> command.endsWith("/postgres"))
                            .orElse(false);
        }
    }

    /**
     * PostgreSQL takes any living process of its user under the noted number for itself, and would
     * not start.
     */
    void removeStalePidFile() throws IOException {
        var noted = pidFile();
        if (noted.isPresent() && ProcessHandle.of(noted.get().pid()).isPresent()) {
            log.info("process {} is no PostgreSQL: removing the note of it", noted.get().pid());
            Files.deleteIfExists(cluster.resolve("postmaster.pid"));
        }
    }

    /**
     * Starts the server in a session of its own, so that it outlives us and no Ctrl-C reaches it,
     * and waits until it lets clients in. A server that died by force may still have children that
     * are about to notice.
     */
    void start(int port, Durability durability, long deadline) throws IOException {
        var settings =
                Stream.concat(
                                durability.settings(),
                                Stream.of(
                                        "port=" + port,
                                        "listen_addresses=127.0.0.1",
                                        "unix_socket_directories=",
                                        "password_encryption=scram-sha-256",
                                        "max_connections=200",
                                        "timezone=UTC",
                                        "log_timezone=UTC",
                                        // details of an error quote keys, and keys hold phone
                                        // numbers
                                        "log_error_verbosity=terse"))
                        .map(setting -> "-c " + setting)
                        .toList();
        while (true) {
            try {
                run(
                        cluster,
                        "",
                        "pg_ctl",
                        "start",
                        "-D",
                        asSeenByServer(cluster),
                        "-w",
                        "-t",
                        PATIENCE,
                        "-o",
                        String.join(" ", settings));
                return;
            } catch (EmbeddedPostgresException e) {
                var mayPass = String.valueOf(e.getMessage()).contains("shared memory block");
                if (!mayPass || System.nanoTime() > deadline) {
                    throw e;
                }
                EmbeddedPostgres.pause();
            }
        }
    }

    /** Ends the server and waits until it is gone; nothing to end is fine. */
    void stop(String mode) {
        try {
            var running = running();
            if (running.isEmpty()) {
                return;
            }
            run(
                    cluster,
                    "",
                    "pg_ctl",
                    "stop",
                    "-D",
                    asSeenByServer(cluster),
                    "-w",
                    "-t",
                    PATIENCE,
                    "-m",
                    mode);
            while (isPostgres(
                    running.get().pid())) { // pg_ctl is content when the note of it is gone
                EmbeddedPostgres.pause();
            }
        } catch (IOException e) {
            throw new EmbeddedPostgresException("PostgreSQL could not be stopped: " + e, e);
        }
    }

    /**
     * The folder's name for the server. As root the server is another user, for whom the folders
     * above may be closed (0700, a home): it is put into the folder as its working directory and
     * calls it by that.
     */
    private String asSeenByServer(Path folder) {
        return root && Files.exists(Path.of("/proc/self/cwd"))
                ? "/proc/self/cwd"
                : folder.toString();
    }

    private void run(Path folder, String input, String program, String... arguments)
            throws IOException {
        var command = new ArrayList<String>();
        command.add(binaries.program(program).toString());
        command.addAll(List.of(arguments));
        var builder =
                new ProcessBuilder(user.command(command))
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()));
        if (input.isEmpty()) {
            builder.redirectInput(Path.of("/dev/null").toFile());
        }
        // Our environment holds secrets that the server has no business with.
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        builder.environment().put("LC_ALL", "C");
        var logged = Files.exists(logFile) ? Files.size(logFile) : 0;
        var process = builder.start();
        if (!input.isEmpty()) {
            try (var stdin = process.outputWriter(StandardCharsets.UTF_8)) {
                stdin.write(input);
            }
        }
        try {
            if (process.waitFor() != 0) {
                throw new EmbeddedPostgresException(
                        "PostgreSQL's "
                                + program
                                + " failed: "
                                + complaint(logged)
                                + " (all of it is in "
                                + logFile
                                + ").");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedPostgresException("interrupted while " + program + " ran", e);
        }
    }

    /** What the server said when it failed, or the last line it wrote. */
    private String complaint(long from) throws IOException {
        try (var file = new RandomAccessFile(logFile.toFile(), "r")) {
            var bytes = new byte[(int) Math.min(file.length() - from, 64_000)];
            file.seek(from);
            file.readFully(bytes);
            var text = new String(bytes, StandardCharsets.UTF_8).strip();
            var matcher = COMPLAINT.matcher(text);
            return matcher.find() ? matcher.group(2) : text.substring(text.lastIndexOf('\n') + 1);
        }
    }
}
