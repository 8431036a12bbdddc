package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@GesherDatabase
class StandingStillTest {

    private static final Limits PATIENT =
            new Limits(Duration.ofSeconds(20), Duration.ofSeconds(20));

    private final ApplicationContext context;
    private final TenantScope scope;

    StandingStillTest(TestDatabase database) {
        this.context = Gesher.on(database);
        this.scope = context.getBean(TenantScope.class);
    }

    @AfterEach
    void close() {
        context.close();
    }

    @Test
    void a_transaction_that_stands_still_loses_its_locks_and_its_work() throws Exception {
        assertThat(context.getBean(Leases.class).acquire("contended", Duration.ofMinutes(1)))
                .isPresent();
        var locked = new CountDownLatch(1);
        var woken = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var still =
                    CompletableFuture.runAsync(
                            () ->
                                    scope.platform(tx -> {
                                        hold(tx, "still");
                                        locked.countDown();
                                        assertThat(await(woken)).isTrue();
                                        return hold(tx, "woken");
                                    }),
                            threads);
            assertThat(await(locked)).isTrue();

            // Waits for the row as long as the other transaction has it.
            scope.in(List.of(), PATIENT, tx -> hold(tx, "next"));
            woken.countDown();

            assertThat(still.handle((_, thrown) -> thrown).get(10, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(DatabaseUnavailableException.class);
        } finally {
            woken.countDown();
        }
        var holder =
                scope.platform(tx ->
                        tx.one(
                                "SELECT holder FROM leases WHERE lease_name = 'contended'",
                                row -> row.text("holder")));
        assertThat(holder).contains("next");
    }

    private static int hold(Tx tx, String holder) throws java.sql.SQLException {
        return tx.update("UPDATE leases SET holder = ? WHERE lease_name = 'contended'", holder);
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
