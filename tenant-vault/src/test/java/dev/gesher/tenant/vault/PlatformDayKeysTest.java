package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.RunningVault;
import dev.gesher.testkit.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PlatformDayKeysTest {
    private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);
    private static final String KEYS = "SELECT count(*) FROM tenant_keys WHERE kind = 'inbox_day'";

    /** The day on which the clock of {@link RunningVault} stands. */
    private static final LocalDate TODAY = LocalDate.parse("2026-03-01");

    private TestDatabase database;
    private RunningVault running;
    private DayKeys keys;

    @BeforeEach
    void start() {
        database = TestDatabase.fresh();
        running = RunningVault.demo(database);
        keys = running.bean(DayKeys.class);
    }

    @AfterEach
    void stop() {
        running.close();
        database.close();
    }

    @Test
    void what_a_day_encrypted_is_decrypted_for_that_day_and_place_only() {
        keys.ready(TODAY);
        keys.ready(TODAY.plusDays(1));
        byte[] encrypted = keys.encrypt(TODAY, "inbox/1", BODY);

        assertThat(keys.decrypt(TODAY, "inbox/1", encrypted)).isEqualTo(BODY);
        assertThatThrownBy(() -> keys.decrypt(TODAY, "inbox/2", encrypted))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> keys.decrypt(TODAY.plusDays(1), "inbox/1", encrypted))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_day_that_was_not_made_ready_is_refused() {
        assertThatThrownBy(() -> keys.encrypt(TODAY, "inbox/1", BODY))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not made ready");
    }

    @Test
    void two_replicas_that_race_use_the_same_key() throws Exception {
        try (var other = RunningVault.demo(database);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var others = other.bean(DayKeys.class);
            var together = new CyclicBarrier(2);
            var one = threads.submit(() -> readyTogether(keys, together));
            var two = threads.submit(() -> readyTogether(others, together));
            one.get();
            two.get();

            assertThat(others.decrypt(TODAY, "inbox/1", keys.encrypt(TODAY, "inbox/1", BODY)))
                    .isEqualTo(BODY);
        }
    }

    @Test
    void tomorrows_key_is_made_ahead_so_that_midnight_waits_for_nothing() {
        keys.ready(TODAY);
        await().untilAsserted(() -> assertThat(running.count(KEYS)).isEqualTo(2));

        running.clock().advance(Duration.ofDays(1));
        // Encrypting needs no ready() here: the key is in memory already.
        await().ignoreExceptions()
                .until(() -> keys.encrypt(TODAY.plusDays(1), "inbox/1", BODY).length > 0);
    }

    @Test
    void a_destroyed_key_is_gone_and_never_made_again() {
        keys.ready(TODAY);
        byte[] encrypted = keys.encrypt(TODAY, "inbox/1", BODY);
        running.clock().advance(Duration.ofDays(8));
        keys.ready(TODAY);
        assertThat(keys.decrypt(TODAY, "inbox/1", encrypted)).isEqualTo(BODY);

        running.asAdministrator(
                "DELETE FROM tenant_keys WHERE kind = 'inbox_day' AND version = 20260301");
        running.clock().advance(Duration.ofSeconds(61));
        keys.ready(TODAY);
        assertThatThrownBy(() -> keys.decrypt(TODAY, "inbox/1", encrypted))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is gone");
        assertThat(running.count(KEYS + " AND version = 20260301")).isZero();
    }

    @Test
    void who_works_with_a_key_goes_on_while_it_is_looked_up_again() {
        keys.ready(TODAY);
        byte[] encrypted = keys.encrypt(TODAY, "inbox/1", BODY);
        running.clock().advance(Duration.ofDays(4));
        keys.ready(TODAY);

        keys.forget();
        keys.ready(TODAY.plusDays(4));

        assertThat(keys.decrypt(TODAY, "inbox/1", encrypted)).isEqualTo(BODY);
    }

    @Test
    void a_key_that_the_database_has_lost_is_made_again() {
        keys.ready(TODAY);
        await().until(() -> keys.isReady(TODAY));
        running.asAdministrator("DELETE FROM tenant_keys WHERE kind = 'inbox_day'");

        keys.forget();

        assertThat(keys.isReady(TODAY)).isFalse();
        keys.ready(TODAY);
        assertThat(running.count(KEYS + " AND version = 20260301")).isOne();
        await().until(() -> keys.isReady(TODAY));
        assertThat(running.count(KEYS)).isEqualTo(2);
        try (var other = RunningVault.demo(database)) {
            var others = other.bean(DayKeys.class);
            others.ready(TODAY);
            assertThat(others.decrypt(TODAY, "inbox/1", keys.encrypt(TODAY, "inbox/1", BODY)))
                    .isEqualTo(BODY);
        }
    }

    @Test
    void a_lost_key_is_missed_within_a_minute_by_who_was_not_told() {
        keys.ready(TODAY);
        await().until(() -> keys.isReady(TODAY));
        running.asAdministrator("DELETE FROM tenant_keys WHERE kind = 'inbox_day'");

        running.clock().advance(Duration.ofSeconds(61));

        assertThat(keys.isReady(TODAY)).as("nobody waits").isTrue();
        await().until(() -> running.count(KEYS + " AND version = 20260301") == 1);
    }

    @Test
    void a_restore_has_every_process_look_again() {
        keys.ready(TODAY);
        await().until(() -> keys.isReady(TODAY));

        running.bean(PlatformDayKeys.class).prepare(running.clock().instant());

        assertThat(keys.isReady(TODAY)).isFalse();
    }

    @Test
    void keys_of_past_days_leave_memory() {
        keys.ready(TODAY);
        byte[] encrypted = keys.encrypt(TODAY, "inbox/1", BODY);
        await().until(() -> keys.isReady(TODAY));
        for (int day = 1; day < 4; day++) {
            var then = TODAY.plusDays(day);
            running.clock().advance(Duration.ofDays(1));
            await().until(() -> {
                keys.ready(then);
                return keys.isReady(then);
            });
        }
        await().untilAsserted(() ->
                assertThatThrownBy(() -> keys.decrypt(TODAY, "inbox/1", encrypted))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("is gone"));
    }

    private static boolean readyTogether(DayKeys keys, CyclicBarrier together) throws Exception {
        together.await();
        keys.ready(TODAY);
        return true;
    }
}
