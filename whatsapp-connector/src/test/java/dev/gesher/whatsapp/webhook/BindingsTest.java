package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import dev.gesher.whatsapp.webhook.Bindings.Holder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BindingsTest {
    private final TenantId first = Webhooks.aTenant();
    private final TenantId second = Webhooks.aTenant();

    private static Instant at(long seconds) {
        return Instant.ofEpochSecond(seconds);
    }

    private static Binding held(TenantId by, long from, @Nullable Long to) {
        return new Binding(by, at(from), to == null ? null : at(to));
    }

    private static Holder holder(long at, Binding... bindings) {
        return new Bindings(Map.of("n", List.of(bindings)), Set.of("w")).holder("n", "w", at(at));
    }

    @Test
    void it_is_whose_the_number_was_at_metas_time() {
        var bindings = new Binding[] {held(first, 100, 200L), held(second, 300, null)};

        assertThat(holder(150, bindings)).isEqualTo(new Holder.Of(first));
        assertThat(holder(300, bindings)).isEqualTo(new Holder.Of(second));
        assertThat(holder(1000, bindings)).isEqualTo(new Holder.Of(second));
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
                    new Binding(first, at(100), handedOver), new Binding(second, handedOver, null)
                };

        assertThat(holder(300, bindings)).isEqualTo(new Holder.Of(first));
        assertThat(holder(301, bindings)).isEqualTo(new Holder.Of(second));
    }

    @Test
    void what_came_while_nobody_held_it_waits_for_who_held_it_last() {
        assertThat(holder(250, held(first, 100, 200L))).isEqualTo(new Holder.Nobody());
        assertThat(holder(250, held(first, 100, 200L), held(first, 300, null)))
                .isEqualTo(new Holder.Of(first));
        assertThat(
                        holder(
                                250,
                                held(first, 100, 200L),
                                held(second, 300, 400L),
                                held(first, 500, null)))
                .isEqualTo(new Holder.Of(first));
    }

    @Test
    void a_number_nobody_ever_held_is_another_number_of_a_known_waba_or_unknown() {
        var bindings = new Bindings(Map.of(), Set.of("w"));

        assertThat(bindings.holder("n", "w", at(1))).isEqualTo(new Holder.OtherNumber());
        assertThat(bindings.holder("n", "x", at(1))).isEqualTo(new Holder.Nobody());
        assertThat(bindings.holder("n", null, at(1))).isEqualTo(new Holder.Nobody());
    }
}
