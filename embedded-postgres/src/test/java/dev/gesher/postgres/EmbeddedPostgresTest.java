package dev.gesher.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Real servers in real folders; the folders stand in the system's own place for such, as the
 * build's may be closed.
 */
class EmbeddedPostgresTest {
    /** For the tests that leave the server as good as they found it, running or not. */
    private static Path shared = Path.of("/tmp");

    private final List<Path> folders = new ArrayList<>();
    private Path place = Path.of("/tmp");

    @BeforeAll
    static void make_a_shared_place() throws IOException {
        shared = Files.createTempDirectory(Path.of("/tmp"), "gesher-postgres-shared-");
    }

    @AfterAll
    static void stop_the_shared_server() throws IOException {
        EmbeddedPostgres.stopIn(shared.resolve("data"));
        Folders.delete(shared);
    }

    @BeforeEach
    void make_a_place() throws IOException {
        place = Files.createTempDirectory(Path.of("/tmp"), "gesher-postgres-test-");
    }

    @AfterEach
    void stop_servers() throws IOException {
        for (var folder : folders) {
            if (Files.exists(folder.resolve("cluster/postmaster.pid"))) {
                ProcessHandle.of(postmaster(folder)).ifPresent(ProcessHandle::destroyForcibly);
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> ProcessHandle.of(postmaster(folder)).isEmpty());
            }
        }
        // the dying server's children may still write
        await().atMost(Duration.ofSeconds(20))
                .ignoreExceptions()
                .until(() -> {
                    Folders.delete(place);
                    return !Files.exists(place);
                });
    }

    @Test
    void what_is_committed_stays_as_the_server_itself_says() throws Exception {
        var server = start(shared.resolve("data"));

        assertThat(server.version()).startsWith("18.");
        System.out.println(
                "embedded PostgreSQL "
                        + server.version()
                        + ", fsync "
                        + server.setting("fsync")
                        + ", synchronous_commit "
                        + server.setting("synchronous_commit"));
        for (var setting :
                List.of("fsync", "synchronous_commit", "full_page_writes", "data_checksums")) {
            assertThat(server.setting(setting)).as(setting).isEqualTo("on");
        }
        assertThat(server.setting("listen_addresses")).isEqualTo("127.0.0.1");
        assertThat(server.setting("unix_socket_directories")).isEmpty();
        assertThat(server.setting("server_encoding")).isEqualTo("UTF8");
    }

    @Test
    void hebrew_is_kept_and_sorted() throws Exception {
        var server = start(shared.resolve("data"));
        try (var connection = connect(server, "postgres")) {
            assertThat(ask(connection, "SELECT upper('é') || 'שלום 👋'")).isEqualTo("Éשלום 👋");
            assertThat(
                            ask(
                                    connection,
                                    "SELECT string_agg(w, ' ' ORDER BY w COLLATE \"he-x-icu\") FROM unnest(ARRAY['תודה','בוקר','אבא']) w"))
                    .isEqualTo("אבא בוקר תודה");
        }
    }

    @Test
    void only_the_generated_password_opens_the_server() throws Exception {
        var server = start(shared.resolve("data"));

        for (var wrong : List.of("", "gesher", server.administrator().password())) {
            assertThatThrownBy(() ->
                            DriverManager.getConnection(
                                            server.jdbcUrl("postgres"), server.user(), wrong)
                                    .close())
                    .isInstanceOf(SQLException.class);
        }
        try (var connection =
                DriverManager.getConnection(
                        server.jdbcUrl("postgres"),
                        server.administrator().user(),
                        server.administrator().password())) {
            assertThat(
                            ask(
                                    connection,
                                    "SELECT count(*) FROM pg_authid WHERE rolcanlogin AND rolpassword LIKE 'SCRAM-SHA-256$%'"))
                    .isEqualTo("2");
            assertThat(
                            ask(
                                    connection,
                                    "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules"))
                    .isEqualTo("scram-sha-256");
            assertThat(
                            ask(
                                    connection,
                                    "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'gesher'"))
                    .isEqualTo("f");
        }
    }

    @Test
    void the_folder_is_closed_to_others_and_the_server_is_not_root() throws Exception {
        var folder = shared.resolve("data");
        start(folder);

        assertThat(mode(folder)).isEqualTo("rwx------");
        assertThat(mode(folder.resolve("cluster"))).isEqualTo("rwx------");
        for (var secret : List.of("password", "administrator-password")) {
            assertThat(mode(folder.resolve(secret))).isEqualTo("rw-------");
        }
        var process = Path.of("/proc/" + postmaster(folder));
        assertThat(Files.getOwner(process).getName()).isNotEqualTo("root");
        assertThat(Files.readString(process.resolve("status"))).containsPattern("CapEff:\\s+0+\\n");
    }

    @Test
    void nothing_above_the_folder_needs_to_be_open() throws Exception {
        var closed = Files.createDirectory(place.resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));

        assertThat(start(folder("closed/גשר data")).version()).startsWith("18.");
    }

    @Test
    void folders_made_on_the_way_are_closed_too() throws Exception {
        Folders.createPrivate(place.resolve("data/postgres"));

        assertThat(mode(place.resolve("data"))).isEqualTo("rwx------");
        assertThat(mode(place.resolve("data/postgres"))).isEqualTo("rwx------");
    }

    @Test
    void a_second_start_finds_the_same_server() throws Exception {
        var folder = shared.resolve("data");
        var first = start(folder);
        var postmaster = postmaster(folder);
        assertThat(first.createDatabaseIfMissing("kept Ünd 'quoted\"")).isTrue();

        var second = start(folder);

        assertThat(postmaster(folder)).isEqualTo(postmaster);
        assertThat(second.port()).isEqualTo(first.port());
        assertThat(second.password()).isEqualTo(first.password());
        assertThat(second.createDatabaseIfMissing("kept Ünd 'quoted\"")).isFalse();
    }

    @Test
    void the_port_is_chosen_once() throws Exception {
        var folder = shared.resolve("data");
        var first = start(folder);
        first.stop();
        first.stop();

        assertThat(start(folder).port()).isEqualTo(first.port());
    }

    @Test
    void a_port_that_was_taken_meanwhile_is_left_to_its_taker() throws Exception {
        var folder = shared.resolve("data");
        var first = start(folder);
        first.stop();

        try (var _ = new ServerSocket(first.port(), 1, InetAddress.ofLiteral("127.0.0.1"))) {
            var second = start(folder);
            assertThat(second.port()).isNotEqualTo(first.port());
            assertThat(second.version()).startsWith("18.");
        }
    }

    @Test
    void a_killed_server_recovers_what_was_committed() throws Exception {
        var folder = shared.resolve("data");
        var server = start(folder);
        var killed = ProcessHandle.of(postmaster(folder)).orElseThrow();
        try (var connection = connect(server, "postgres")) {
            ask(connection, "CREATE TABLE kept AS SELECT 'committed' AS word");
            killed.destroyForcibly();
        }
        await().until(() -> !killed.isAlive());

        var again = start(folder);

        assertThat(postmaster(folder)).isNotEqualTo(killed.pid());
        try (var connection = connect(again, "postgres")) {
            assertThat(ask(connection, "SELECT word FROM kept")).isEqualTo("committed");
        }
        assertThat(Files.readString(again.logFile())).contains("was not properly shut down");
    }

    @Test
    void a_noted_process_that_is_another_program_is_not_taken_for_the_server() throws Exception {
        var folder = shared.resolve("data");
        start(folder).stop();
        // as after a reboot: the number of the dead server is now another program's (here this
        // test's)
        Files.writeString(
                folder.resolve("cluster/postmaster.pid"),
                ProcessHandle.current().pid()
                        + "\n"
                        + folder
                        + "\n1\n5432\n\n127.0.0.1\n0 0\nready\n");

        assertThat(start(folder).version()).startsWith("18.");
    }

    @Test
    void another_major_versions_data_is_left_alone() throws Exception {
        var folder = shared.resolve("data");
        start(folder).stop();
        Files.writeString(folder.resolve("cluster/PG_VERSION"), "17\n");

        assertThatThrownBy(() -> start(folder))
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageContaining("PostgreSQL 17")
                .hasMessageContaining("brings 18")
                .hasMessageContaining(folder.toString());
        assertThat(folder.resolve("cluster/postmaster.pid")).doesNotExist();
        Files.writeString(folder.resolve("cluster/PG_VERSION"), "18\n");
    }

    @Test
    void data_written_without_fsync_is_never_taken_for_durable() throws Exception {
        var folder = folder("data");
        var fast = EmbeddedPostgres.start(folder, Durability.FAST);
        assertThat(fast.setting("fsync")).isEqualTo("off");
        assertThat(fast.setting("synchronous_commit")).isEqualTo("off");
        fast.stop();

        assertThatThrownBy(() -> start(folder))
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageContaining("without fsync");
    }

    @Test
    void a_start_that_died_halfway_is_done_anew() throws Exception {
        var folder = folder("data");
        Folders.createPrivate(folder);
        Folders.createPrivate(folder.resolve("cluster.new"));
        Files.writeString(folder.resolve("cluster.new/PG_VERSION"), "18\n");

        assertThat(start(folder).version()).startsWith("18.");
        assertThat(folder.resolve("cluster.new")).doesNotExist();
    }

    @Test
    void the_server_outlives_a_killed_process_and_is_found_again() throws Exception {
        var folder = folder("data");
        String answer;
        try (var other = OtherProcess.start(folder)) {
            answer = other.answer();
            other.kill();
        }
        var postmaster = postmaster(folder);

        var server = start(folder);

        assertThat(answer).isEqualTo("port " + server.port() + " version " + server.version());
        assertThat(postmaster(folder)).isEqualTo(postmaster);
        assertThat(server.createDatabaseIfMissing("made_by_another")).isFalse();
        // a session of its own: no terminal's Ctrl-C reaches it
        var stat = Files.readString(Path.of("/proc/" + postmaster + "/stat"));
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        assertThat(fields[2]).as("process group").isEqualTo(Long.toString(postmaster));
        assertThat(fields[3]).as("session").isEqualTo(Long.toString(postmaster));
    }

    @Test
    void an_ordinary_user_has_a_server_too() throws Exception {
        var folder = openFor("data");
        try (var other = OtherProcess.startAsOrdinaryUser(openPlace("classes"), folder)) {
            assertThat(other.answer()).contains(" version 18.");
        }
        var user = Files.getOwner(folder);
        assertThat(user.getName()).isNotEqualTo("root");
        assertThat(Files.getOwner(Path.of("/proc/" + postmaster(folder)))).isEqualTo(user);
        assertThat(Files.readString(Path.of("/proc/" + postmaster(folder) + "/environ")))
                .contains("LC_ALL=C")
                .doesNotContain("PLANTED_SECRET");

        // and whoever may read the folder, root too, finds the same one and starts it again as its
        // owner
        var server = start(folder);
        assertThat(server.createDatabaseIfMissing("made_by_another")).isFalse();
        server.stop();
        assertThat(start(folder).createDatabaseIfMissing("made_by_another")).isFalse();
        assertThat(Files.getOwner(Path.of("/proc/" + postmaster(folder)))).isEqualTo(user);
    }

    /**
     * As root by what the machine has, down to the last choice; as an ordinary user all the same.
     */
    @ParameterizedTest
    @ValueSource(strings = {"setpriv", "runuser", "unshare"})
    void one_program_to_leave_root_behind_is_enough(String program) throws Exception {
        var folder = folder("data");
        var machine = Machine.forDataIn(folder);
        var poor =
                new Machine(
                        machine.root(),
                        machine.caches(),
                        name -> machine.programs().apply(name).filter(_ -> name.equals(program)));

        var server = EmbeddedPostgres.start(folder, Durability.DURABLE, poor);
        assertThat(server.version()).startsWith("18.");
        server.stop();
        var again = EmbeddedPostgres.start(folder, Durability.DURABLE, machine);
        assertThat(again.setting("fsync")).isEqualTo("on");
        again.stop();
    }

    @Test
    void a_folder_of_somebody_else_is_refused_in_one_sentence() throws Exception {
        var foreign = place.resolve("foreign");
        Files.createDirectory(foreign);
        Files.setPosixFilePermissions(
                foreign,
                PosixFilePermissions.fromString(
                        Machine.forDataIn(place).root() ? "rwx------" : "---------"));
        openPlace("");
        try (var other =
                OtherProcess.startAsOrdinaryUser(openPlace("classes"), foreign.resolve("data"))) {
            assertThat(other.answer())
                    .startsWith("refused The database's folder")
                    .contains("closed to");
        }
    }

    @Test
    void of_many_starts_at_once_one_makes_the_server() throws Exception {
        var folder = folder("data");
        var answers = new ArrayList<String>();
        try (var one = OtherProcess.start(folder);
                var two = OtherProcess.start(folder);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var ours = new ArrayList<Future<EmbeddedPostgres>>();
            for (var i = 0; i < 4; i++) {
                ours.add(threads.submit(() -> start(folder)));
            }
            for (var server : ours) {
                answers.add("port " + server.get().port() + " version " + server.get().version());
            }
            answers.add(one.answer());
            answers.add(two.answer());
        }
        assertThat(answers).hasSize(6).containsOnly(answers.getFirst());
        assertThat(Files.readString(folder.resolve("server.log")))
                .containsOnlyOnce("ready to accept connections");
    }

    @Test
    void programs_are_unpacked_once_whoever_comes_first() throws Exception {
        var cache = place.resolve("cache");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var one = threads.submit(() -> Binaries.unpacked(List.of(cache)));
            var two = threads.submit(() -> Binaries.unpacked(List.of(cache)));
            assertThat(one.get()).isEqualTo(two.get());
        }
        var binaries = Binaries.unpacked(List.of(cache));
        assertThat(binaries.program("postgres")).isExecutable();
        assertThat(Files.isSymbolicLink(binaries.home().resolve("lib/libpq.so.5"))).isTrue();
        assertThat(mode(binaries.home())).isEqualTo("rwxr-xr-x");
        try (var left = Files.list(cache)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder(binaries.home().getFileName().toString(), ".lock");
        }
    }

    @Test
    void a_cache_that_cannot_be_is_passed_over() throws Exception {
        var impossible = Files.writeString(place.resolve("file"), "").resolve("cache");
        var usual = Machine.forDataIn(place).caches().getFirst();

        assertThat(Binaries.unpacked(List.of(impossible, usual)).home()).startsWith(usual);
        assertThatThrownBy(() -> Binaries.unpacked(List.of(impossible)))
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageContaining("No folder can hold");
    }

    private EmbeddedPostgres start(Path folder) {
        return EmbeddedPostgres.start(folder, Durability.DURABLE);
    }

    private Path folder(String name) {
        var folder = place.resolve(name);
        folders.add(folder);
        return folder;
    }

    /** A data folder that belongs to the ordinary user. */
    private Path openFor(String name) throws IOException {
        openPlace("");
        var folder = Files.createDirectory(folder(name));
        if (Machine.forDataIn(place).root()) {
            Files.setOwner(
                    folder,
                    FileSystems.getDefault()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName("nobody"));
        }
        return folder;
    }

    private Path openPlace(String name) throws IOException {
        var folder = Files.createDirectories(place.resolve(name));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return folder;
    }

    private static long postmaster(Path folder) throws IOException {
        return Long.parseLong(
                Files.readAllLines(folder.resolve("cluster/postmaster.pid")).getFirst().strip());
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static Connection connect(EmbeddedPostgres server, String database)
            throws SQLException {
        return DriverManager.getConnection(
                server.jdbcUrl(database),
                server.administrator().user(),
                server.administrator().password());
    }

    private static String ask(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return "";
            }
            try (var rows = statement.getResultSet()) {
                assertThat(rows.next()).isTrue();
                return rows.getString(1);
            }
        }
    }
}
