package dev.gesher.whatsapp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Sha256Test {
    @Property(tries = 200)
    void base64_and_hex_of_the_same_bytes_are_the_same(@ForAll @Size(32) byte[] bytes) {
        var hash = Sha256.of(bytes);

        assertThat(Sha256.parse(Base64.getEncoder().encodeToString(bytes))).contains(hash);
        assertThat(Sha256.parse(HexFormat.of().formatHex(bytes))).contains(hash);
        assertThat(Sha256.parse(HexFormat.of().withUpperCase().formatHex(bytes))).contains(hash);
    }

    @Test
    void another_bit_is_another_hash() {
        byte[] bytes = new byte[32];
        bytes[31] = 1;

        assertThat(Sha256.of(bytes)).isNotEqualTo(Sha256.of(new byte[32])).hasToString("sha256");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "abc", "zz", "AAAA", "not base64 at all, and not hex either, no"})
    void what_is_none_is_none(String text) {
        assertThat(Sha256.parse(text)).isEmpty();
        assertThat(Sha256.parse("g".repeat(64))).isEmpty();
    }
}
