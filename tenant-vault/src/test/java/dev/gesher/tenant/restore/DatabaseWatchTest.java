package dev.gesher.tenant.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.RestoreWatch;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.SendingHold;
import dev.gesher.tenant.SendingHold.Cause;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.vault.KeysetTool;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@GesherDatabase
class DatabaseWatchTest {
    @TempDir static Path keys;

    @TempDir Path folder;
    private TestDatabase database;
    private RunningVault vault;

    @BeforeAll
    static void makeTheKey() {
        KeysetTool.write(keys.resolve("keyset.json"));
    }

    @BeforeEach
    void start(TestDatabase given) throws SQLException {
        database = given;
        execute("DELETE FROM database_generations");
        execute("DELETE FROM sending_hold");
        vault = vault(folder);
    }

    @AfterEach
    void stop() {
        vault.close();
    }

    private RunningVault vault(Path dataFolder) {
        return RunningVault.start(
                database,
                Map.of(
                        "gesher.mode",
                        "demo",
                        "gesher.data-dir",
                        dataFolder.toString(),
                        "gesher.vault.keyset-file",
                        keys.resolve("keyset.json").toString()));
    }

    private void execute(String sql) throws SQLException {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private List<String> auditedActions() {
        return vault.scope()
                .in(
                        TenantId.PLATFORM,
                        tx ->
                                tx.query(
                                        "SELECT action FROM audit_log WHERE tenant_id = ? ORDER BY audit_id",
                                        row -> row.text("action"),
                                        TenantId.PLATFORM));
    }

    private SendingHold.State look() {
        vault.bean(RestoreWatch.class).look();
        return vault.bean(SendingHold.class).state();
    }

    private List<Path> witnesses() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(it -> it.getFileName().toString().startsWith("database-")).toList();
        }
    }

    @Test
    void a_database_that_goes_on_is_not_held() {
        assertThat(look().held()).isFalse();
        assertThat(look().held()).isFalse();
        assertThat(look().generation()).isEqualTo(1);
    }

    @Test
    void a_database_in_another_place_is_a_restored_one() throws SQLException {
        look();
        execute("UPDATE database_generations SET place = 'another server'");

        var state = look();

        assertThat(state.held()).isTrue();
        assertThat(state.cause()).contains(Cause.RESTORED);
        assertThat(state.prepared()).isTrue();
        assertThat(state.generation()).isEqualTo(2);
        assertThat(look().generation()).isEqualTo(2);
    }

    @Test
    void a_database_behind_the_file_is_a_restored_one() throws SQLException {
        look();
        look();
        execute("UPDATE database_generations SET ticks = 1");

        assertThat(look().held()).isTrue();
    }

    @Test
    void a_backup_from_before_an_earlier_restore_is_noticed_too() throws SQLException {
        look();
        execute("UPDATE database_generations SET place = 'another server'");
        look();
        vault.bean(SendingHold.class).release("operator:test");
        execute("DELETE FROM database_generations WHERE number = 2");
        execute("UPDATE database_generations SET place = gesher_database_place()");

        var state = look();

        assertThat(state.held()).isTrue();
        assertThat(state.generation()).isEqualTo(2);
    }

    /** Another process may have been away while the database was restored and released. */
    @Test
    void a_file_of_an_earlier_life_says_nothing(@TempDir Path other) throws SQLException {
        look();
        try (var away = vault(other)) {
            away.bean(RestoreWatch.class).look();
            execute("UPDATE database_generations SET place = 'another server', ticks = 1");
            look();
            vault.bean(SendingHold.class).release("operator:test");

            away.bean(RestoreWatch.class).look();

            assertThat(vault.bean(SendingHold.class).state().held()).isFalse();
        }
    }

    @Test
    void a_lost_or_torn_file_says_nothing() throws IOException {
        look();
        look();
        Files.writeString(witnesses().getFirst(), "torn");
        assertThat(look().held()).isFalse();
        Files.delete(witnesses().getFirst());
        assertThat(look().held()).isFalse();
    }

    @Test
    void databases_that_share_a_folder_do_not_take_each_other_for_older() throws Exception {
        look();
        look();
        execute("DELETE FROM database_generations"); // as a new database would be
        assertThat(look().held()).isFalse();
        assertThat(witnesses()).hasSize(2);
    }

    @Test
    void a_folder_that_cannot_be_written_refuses_the_start() throws IOException {
        var file = Files.createFile(folder.resolve("a file"));
        try (var elsewhere = vault(file.resolve("below"))) {
            assertThatThrownBy(() -> elsewhere.bean(RestoreWatch.class).look())
                    .isInstanceOf(StartRefusedException.class)
                    .hasMessageContaining("GESHER_DATA_DIR");
        }
    }

    @Test
    void nothing_is_released_before_the_parts_are_ready() throws SQLException {
        look();
        execute("UPDATE database_generations SET place = 'another server'");
        look();
        execute("UPDATE database_generations SET prepared_at = NULL WHERE number = 2");

        assertThatThrownBy(() -> vault.bean(SendingHold.class).release("operator:test"))
                .isInstanceOf(IllegalStateException.class);
        assertThat(look().prepared()).as("the next look goes on").isTrue();
        assertThat(vault.bean(SendingHold.class).release("operator:test").held()).isFalse();
    }

    @Test
    void what_nothing_tells_from_the_newest_an_operator_can_say() {
        look();

        vault.bean(RestoreWatch.class).declareRestored("operator:test");

        var state = vault.bean(SendingHold.class).state();
        assertThat(state.held()).isTrue();
        assertThat(state.cause()).contains(Cause.RESTORED);
        assertThat(state.generation()).isEqualTo(2);
        assertThat(look().generation()).isEqualTo(2);
    }

    /** A process that goes on over a failover has half a minute to its next look. */
    @Test
    void nothing_is_sent_from_another_place_before_anybody_looked() throws SQLException {
        look();
        assertThat(isHeld()).isFalse();
        execute("UPDATE database_generations SET place = 'another server'");
        assertThat(isHeld()).isTrue();
    }

    private boolean isHeld() {
        return vault.scope()
                .<Boolean>platform(tx ->
                        tx.one("SELECT gesher_sending_is_held() AS held", row -> row.bool("held"))
                                .orElseThrow());
    }

    @Test
    void an_operator_holds_and_releases_and_a_restore_outweighs_both() throws SQLException {
        look();
        var hold = vault.bean(SendingHold.class);
        assertThat(hold.hold("operator:test").cause()).contains(Cause.OPERATOR);
        execute("UPDATE database_generations SET place = 'another server'");
        assertThat(look().cause()).contains(Cause.RESTORED);
        assertThat(hold.hold("operator:test").cause()).contains(Cause.RESTORED);

        var released = hold.release("operator:test");

        assertThat(released.held()).isFalse();
        assertThat(released.releasedAt()).contains(vault.clock().instant());
        assertThat(auditedActions())
                .containsSubsequence("sending.held", "database.restored", "sending.released");
    }
}
