package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

class AssociatedDataPropertyTest {
    @Property
    void two_places_have_the_same_data_only_if_they_are_the_same(
            @ForAll @Size(max = 4)
                    List<@StringLength(max = 4) @Chars({'0', '1', ':', '|', 'ש'}) String> one,
            @ForAll @Size(max = 4)
                    List<@StringLength(max = 4) @Chars({'0', '1', ':', '|', 'ש'}) String> other) {
        assertThat(Arrays.equals(of(one), of(other))).isEqualTo(one.equals(other));
    }

    @Example
    void a_separator_inside_a_part_moves_nothing() {
        assertThat(of(List.of("a|1:b", "c"))).isNotEqualTo(of(List.of("a", "b|1:c")));
    }

    private static byte[] of(List<String> parts) {
        return AssociatedData.of(parts.toArray());
    }
}
