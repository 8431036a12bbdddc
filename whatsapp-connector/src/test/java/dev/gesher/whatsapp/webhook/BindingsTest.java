package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import dev.gesher.whatsapp.webhook.Bindings.Holder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BindingsTest {
    private final TenantId first = Webhooks.aTenant();
    private final TenantId second = Webhooks.aTenant();

    private static Instant at(long seconds) {
        return Instant.ofEpochSecond(seconds);
    }

    private static Binding held(TenantId by, long from, @Nullable Long to) {
        return new Binding(by, "n", at(from), to == null ? null : at(to));
    }

    private static Holder holder(long at, Binding... bindings) {
        return new Bindings(Map.of("n", List.of(bindings)), Map.of()).holder("n", "w", at(at));
    }

    @Test
    void it_is_whose_the_number_was_at_metas_time() {
        var bindings = new Binding[] {held(first, 100, 200L), held(second, 300, null)};

        assertThat(holder(150, bindings)).isEqualTo(new Holder.Of(first, "n"));
        assertThat(holder(300, bindings)).isEqualTo(new Holder.Of(second, "n"));
        assertThat(holder(1000, bindings)).isEqualTo(new Holder.Of(second, "n"));
    }

    @Test
    void another_tenant_gets_only_what_is_newer_than_its_own_binding() {
        assertThat(holder(250, held(first, 100, 200L), held(second, 300, null)))
                .isEqualTo(new Holder.Nobody());
        assertThat(holder(50, held(first, 100, null))).isEqualTo(new Holder.Nobody());
    }

    @Test
    void the_second_in_which_a_number_changes_hands_stays_with_who_had_it_at_its_start() {
        var handedOver = at(300).plusMillis(400);
        var bindings =
                new Binding[] {
                    new Binding(first, "n", at(100), handedOver),
                    new Binding(second, "n", handedOver, null)
                };

        assertThat(holder(300, bindings)).isEqualTo(new Holder.Of(first, "n"));
        assertThat(holder(301, bindings)).isEqualTo(new Holder.Of(second, "n"));
    }

    @Test
    void what_came_while_nobody_held_it_waits_for_who_held_it_last() {
        assertThat(holder(250, held(first, 100, 200L))).isEqualTo(new Holder.Nobody());
        assertThat(holder(250, held(first, 100, 200L), held(first, 300, null)))
                .isEqualTo(new Holder.Of(first, "n"));
        assertThat(
                        holder(
                                250,
                                held(first, 100, 200L),
                                held(second, 300, 400L),
                                held(first, 500, null)))
                .isEqualTo(new Holder.Of(first, "n"));
    }

    @Test
    void a_number_nobody_ever_held_is_another_number_of_a_known_waba_or_unknown() {
        var bindings = new Bindings(Map.of(), Map.of("w", List.of(held(first, 100, null))));

        assertThat(bindings.holder("n", "w", at(1))).isEqualTo(new Holder.OtherNumber());
        assertThat(bindings.holder("n", "x", at(1))).isEqualTo(new Holder.Nobody());
        assertThat(bindings.holder("n", null, at(1))).isEqualTo(new Holder.Nobody());
    }

    @Test
    void a_number_of_an_account_that_nobody_holds_any_more_is_unknown() {
        var bindings = new Bindings(Map.of(), Map.of("w", List.of(held(first, 100, 200L))));

        assertThat(bindings.holder("n", "w", at(150))).isEqualTo(new Holder.OtherNumber());
        assertThat(bindings.holder("n", "w", at(250))).isEqualTo(new Holder.Nobody());
    }

    @Test
    void an_account_goes_by_the_same_rule_and_to_the_number_that_it_had_then() {
        var bindings =
                new Bindings(
                        Map.of(),
                        Map.of(
                                "w",
                                List.of(
                                        new Binding(first, "old", at(100), at(200)),
                                        new Binding(first, "new", at(200), at(300)),
                                        new Binding(second, "theirs", at(400), null))));

        assertThat(bindings.holder(null, "w", at(150))).isEqualTo(new Holder.Of(first, "old"));
        assertThat(bindings.holder(null, "w", at(250))).isEqualTo(new Holder.Of(first, "new"));
        assertThat(bindings.holder(null, "w", at(350))).isEqualTo(new Holder.Nobody());
        assertThat(bindings.holder(null, "w", at(400))).isEqualTo(new Holder.Of(second, "theirs"));
        assertThat(bindings.holder(null, "w", at(50))).isEqualTo(new Holder.Nobody());
        assertThat(bindings.holder(null, "x", at(400))).isEqualTo(new Holder.Nobody());
        assertThat(bindings.holder(null, null, at(400))).isEqualTo(new Holder.Nobody());
    }
}
