package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.CuttingProxy;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two processes on one database: what one announces, both hear. */
@GesherDatabase
class NoticesTest {
    private final ApplicationContext one;
    private final ApplicationContext other;
    private final Ear ofOne = new Ear();
    private final Ear ofOther = new Ear();
    private final TenantId tenant = Rows.aTenant();

    NoticesTest(TestDatabase database) {
        one = Gesher.on(database);
        other = Gesher.on(database);
    }

    /** Remembers what it heard. */
    private static final class Ear implements Notices.Listener {
        final List<String> heard = new CopyOnWriteArrayList<>();
        volatile boolean deaf;

        @Override
        public void heard(TenantId tenant, String object) {
            if (deaf) {
                throw new IllegalStateException("deaf");
            }
            heard.add(object);
        }

        @Override
        public void missed() {
            heard.add("everything");
        }
    }

    @BeforeEach
    void start() {
        notices(one).listen("test", ofOne);
        notices(other).listen("test", ofOther);
        notices(one).start();
        notices(other).start();
        await().until(() -> notices(one).hears() && notices(other).hears());
        ofOne.heard.clear();
        ofOther.heard.clear();
    }

    @AfterEach
    void close() {
        one.close();
        other.close();
    }

    private static Notices notices(ApplicationContext gesher) {
        return gesher.getBean(Notices.class);
    }

    private static TenantScope scope(ApplicationContext gesher) {
        return gesher.getBean(TenantScope.class);
    }

    private void announce(String kind, String object) {
        scope(one)
                .platform(tx -> {
                    notices(one).announce(tx, kind, tenant, object);
                    return true;
                });
    }

    @Test
    void one_hears_it_at_once_and_the_other_soon() {
        announce("test", "client");

        assertThat(ofOne.heard).containsExactly("client");
        await().untilAsserted(() -> assertThat(ofOther.heard).contains("client"));
    }

    @Test
    void what_was_rolled_back_and_other_kinds_are_not_heard() {
        announce("another kind", "x");
        assertThatThrownBy(() ->
                        scope(one)
                                .platform(tx -> {
                                    notices(one).announce(tx, "test", tenant, "rolled back");
                                    throw new IllegalStateException("no");
                                }))
                .hasMessage("no");
        announce("test", "after");

        await().untilAsserted(() -> assertThat(ofOther.heard).contains("after"));
        assertThat(ofOne.heard).containsOnly("after");
        assertThat(ofOther.heard).containsOnly("after");
    }

    /** The first got the lower number and commits last, when the other was read already. */
    @Test
    void a_transaction_that_commits_late_is_heard_all_the_same() throws InterruptedException {
        var written = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var late =
                Thread.ofVirtual()
                        .start(() ->
                                scope(one)
                                        .platform(tx -> {
                                            notices(one).announce(tx, "test", tenant, "late");
                                            written.countDown();
                                            try {
                                                goOn.await();
                                            } catch (InterruptedException e) {
                                                Thread.currentThread().interrupt();
                                            }
                                            return true;
                                        }));
        written.await();
        announce("test", "early");
        await().untilAsserted(() -> assertThat(ofOther.heard).contains("early"));
        assertThat(ofOther.heard).doesNotContain("late");

        goOn.countDown();
        late.join();

        await().untilAsserted(() -> assertThat(ofOther.heard).contains("late"));
    }

    @Test
    void who_fails_to_hear_forgets_everything_later() {
        ofOther.deaf = true;
        announce("test", "client");

        await().untilAsserted(() -> assertThat(ofOther.heard).contains("everything"));
    }

    @Test
    void a_process_that_has_not_looked_for_long_knows_that_it_does_not_hear(TestDatabase database)
            throws Exception {
        try (var proxy = CuttingProxy.before(database);
                var far = Gesher.on(database, proxy.jdbcUrl(database))) {
            var deaf =
                    new DatabaseNotices(
                            scope(far), new Wakeups(), new NoticeSettings(Duration.ofSeconds(2)));
            var ear = new Ear();
            deaf.listen("test", ear);
            assertThat(deaf.hears()).isFalse();
            deaf.start();
            await().until(deaf::hears);
            ear.heard.clear();

            proxy.setAway(true);
            announce("test", "unheard");
            await().until(() -> !deaf.hears());

            proxy.setAway(false);
            await().until(deaf::hears);
            assertThat(ear.heard).contains("unheard");
            deaf.close();
        }
    }
}
