package dev.gesher.app.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.tenant.db.TenantScope;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DatabaseGateTest {
    private static final int POOL = 2;
    private static final int PERMITS = 4 * POOL;

    @Test
    void past_four_requests_per_connection_the_next_is_503_at_once_and_all_is_well_again()
            throws ExecutionException, InterruptedException, TimeoutException {
        try (var gesher =
                        RunningGesher.start(
                                Map.of("DATABASE_POOL_SIZE", "" + POOL, "GESHER_ROLES", "api"),
                                Clock.systemUTC());
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var token = gesher.newTenant("a").token();
            assertThat(gesher.get("/v1/conversations", token).status()).isEqualTo(200);
            var free = new CountDownLatch(1);
            var held = new AtomicInteger();
            var scope = gesher.bean(TenantScope.class);
            for (int i = 0; i < POOL; i++) {
                threads.execute(() -> hold(scope, held, free));
            }
            await().until(() -> held.get() == POOL);

            List<Future<Answer>> waiting = new ArrayList<>();
            for (int i = 0; i < 3 * PERMITS; i++) {
                waiting.add(threads.submit(() -> gesher.get("/v1/conversations", token)));
            }
            // Whoever got no permit is answered while the others still wait for a connection.
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> waiting.stream().filter(Future::isDone).count() >= 2 * PERMITS);
            for (var answer : waiting) {
                var refused = answer.get(20, TimeUnit.SECONDS);
                assertThat(refused.status()).isEqualTo(503);
                assertThat(refused.at("/code")).isEqualTo("service_unavailable");
                assertThat(refused.header("Retry-After")).isPresent();
            }
            assertThat(gesher.send("GET", "/health", new byte[0]).status()).isEqualTo(503);
            free.countDown();

            await().untilAsserted(() ->
                    assertThat(gesher.get("/v1/conversations", token).status()).isEqualTo(200));
        }
    }

    private static void hold(TenantScope scope, AtomicInteger held, CountDownLatch free) {
        scope.platform(tx -> {
            held.incrementAndGet();
            try {
                return free.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        });
    }
}
