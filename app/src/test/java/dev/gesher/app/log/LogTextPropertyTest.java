package dev.gesher.app.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class LogTextPropertyTest {
    private static final String INVISIBLE =
            "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\u200E\u200F\u061C\uFEFF\u00AD\u0000\u001B\u007F\u0085\n\r\t";

    @Property
    void no_text_brings_a_control_or_a_direction(@ForAll("texts") String text) {
        assertThat(LogText.clean(text).codePoints())
                .noneMatch(it ->
                        switch (Character.getType(it)) {
                            case Character.CONTROL,
                                    Character.FORMAT,
                                    Character.SURROGATE,
                                    Character.LINE_SEPARATOR,
                                    Character.PARAGRAPH_SEPARATOR ->
                                    true;
                            default -> false;
                        });
    }

    @Property
    void what_was_cleaned_stays_as_it_is(@ForAll("texts") String text) {
        var clean = LogText.clean(text);

        assertThat(LogText.clean(clean)).isEqualTo(clean);
    }

    @Property
    void no_run_of_seven_digits_survives(@ForAll("digits") String text) {
        assertThat(LogText.clean(text)).doesNotContainPattern("\\p{Nd}{7}");
    }

    @Property
    void a_phone_number_keeps_its_last_four_digits_however_it_is_written(
            @ForAll("numbers") String e164,
            @ForAll("writings") Writing writing,
            @ForAll("words") String before,
            @ForAll("words") String after) {
        var clean = LogText.clean(before + writing.of(e164) + after);

        assertThat(clean.replaceAll("[^0-9]", "")).isEqualTo(e164.substring(e164.length() - 4));
    }

    @Property
    void an_id_of_ours_and_a_count_survive(
            @ForAll long high,
            @ForAll long low,
            @ForAll @IntRange(min = 0, max = 999_999) int count) {
        var line =
                "attempt "
                        + count
                        + " "
                        + new UUID(high, low)
                        + " of "
                        + count
                        + " items="
                        + 9_999_999L;

        assertThat(LogText.clean(line)).isEqualTo(line);
    }

    @Example
    void what_is_no_number_is_left_alone() {
        for (var text :
                List.of(
                        "2026-11-20T08:00:00.123456789Z",
                        "from 2026-11-20 to 2026-12-31",
                        "4bf92f3577b34da6a3ce929d0e0e4736",
                        "refused by 192.168.100.200:5432",
                        "jdbc:postgresql://10.0.0.17:5432/gesher",
                        "v21.0 ends in 62 days",
                        "SQLSTATE 40001, 300 items in 64 tenants")) {
            assertThat(LogText.clean(text)).isEqualTo(text);
        }
    }

    @Example
    void a_wamid_holds_a_number_and_goes() {
        assertThat(LogText.clean("status of wamid.HBgMOTcyNTAyMzQ1Njc4FQIAERgSQ0E= known"))
                .isEqualTo("status of wamid.… known");
        assertThat(LogText.clean("WAMID.HBgM\u200EOTcy")).isEqualTo("wamid.…");
    }

    /** How somebody may write a number. */
    enum Writing {
        BARE,
        PLUS,
        GROUPED,
        DASHED,
        PARENTHESES,
        ARABIC,
        WITH_MARKS;

        String of(String e164) {
            return switch (this) {
                case BARE -> e164;
                case PLUS -> "+" + e164;
                case GROUPED -> "+" + e164.replaceAll("(\\d{3})(?=\\d)", "$1 ");
                case DASHED -> "+" + e164.replaceAll("(\\d{2})(?=\\d)", "$1\u2011");
                case PARENTHESES ->
                        "+"
                                + e164.charAt(0)
                                + " ("
                                + e164.substring(1, 3)
                                + ") "
                                + e164.substring(3);
                case ARABIC ->
                        e164.chars()
                                .map(it -> it - '0' + '\u0660')
                                .collect(
                                        StringBuilder::new,
                                        StringBuilder::appendCodePoint,
                                        StringBuilder::append)
                                .toString();
                case WITH_MARKS -> String.join("\u200E", e164.split(""));
            };
        }
    }

    @Provide
    Arbitrary<Writing> writings() {
        return Arbitraries.of(Writing.class);
    }

    @Provide
    Arbitrary<String> numbers() {
        return Arbitraries.strings().numeric().ofMinLength(9).ofMaxLength(14).map(it -> "9" + it);
    }

    @Provide
    Arbitrary<String> words() {
        return Arbitraries.of("", " ", "to ", "שלום ", "x", "tel:", " via ", "\"", "=", "/");
    }

    @Provide
    Arbitrary<String> digits() {
        return Arbitraries.strings()
                .withChars("0123456789 -+().xzאב\u200E\u0660\n")
                .ofMaxLength(60);
    }

    @Provide
    Arbitrary<String> texts() {
        return Combinators.combine(
                        Arbitraries.strings().all().ofMaxLength(20),
                        Arbitraries.strings()
                                .withChars(INVISIBLE + "0123456789-+ wamid.ab")
                                .ofMaxLength(40))
                .as(String::concat);
    }
}
