package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.TestDatabase;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/** Meta promises no order and may repeat: what is heard in the end does not depend on either. */
class ReorderPropertyTest {
    private static final TestDatabase DATABASE = TestDatabase.fresh();
    private static final List<String> FIXTURES =
            List.of(
                    "text_message",
                    "image_message",
                    "statuses",
                    "mixed_tenants",
                    "poison_between_neighbours",
                    "unknown_type",
                    "other_object");

    @AfterContainer
    static void drop() {
        DATABASE.close();
    }

    @Provide
    static Arbitrary<List<String>> deliveries() {
        return Arbitraries.shuffle(FIXTURES)
                .flatMap(all ->
                        Arbitraries.of(FIXTURES)
                                .list()
                                .ofMaxSize(4)
                                .map(more -> {
                                    var both = new java.util.ArrayList<>(all);
                                    both.addAll(more);
                                    return both;
                                }));
    }

    @Property(tries = 10)
    void any_order_with_any_repetition_is_heard_alike(
            @ForAll("deliveries") List<String> deliveries, @ForAll boolean oneByOne) {
        Webhooks.clear(DATABASE);
        try (var webhooks = new Webhooks(DATABASE)) {
            var first = webhooks.holderOf("5001", "7001");
            var second = webhooks.holderOf("5002", "7002");
            for (var fixture : deliveries) {
                webhooks.deliver(fixture);
                if (oneByOne) {
                    webhooks.work();
                }
            }
            webhooks.work();

            assertThat(sorted(webhooks, first))
                    .containsExactly(
                            "DELIVERED wamid.ours1",
                            "FAILED wamid.ours2",
                            "FAILED wamid.ours3",
                            "PLAYED wamid.ours1",
                            "READ wamid.ours1",
                            "SENT wamid.ours1",
                            "hologram wamid.hologram1",
                            "image wamid.image1",
                            "text wamid.after1",
                            "text wamid.before1",
                            "text wamid.mixed1",
                            "text wamid.text1");
            assertThat(sorted(webhooks, second)).containsExactly("text wamid.mixed2");
            assertThat(webhooks.inState("pending")).isZero();
        }
    }

    private static Set<String> sorted(Webhooks webhooks, TenantId tenant) {
        return new TreeSet<>(webhooks.heardBy(tenant));
    }
}
