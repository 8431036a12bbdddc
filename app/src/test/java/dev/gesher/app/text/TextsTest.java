package dev.gesher.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.icu.text.MessageFormat;
import com.ibm.icu.util.ULocale;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.conversation.Reason;
import dev.gesher.whatsapp.MetaSetup;
import dev.gesher.whatsapp.Signup;
import dev.gesher.whatsapp.SignupFailure;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TextsTest {
    private static final Pattern HEBREW = Pattern.compile("\\p{InHebrew}");
    private final Texts texts = new Texts();

    @Test
    void both_languages_have_the_same_keys() {
        assertThat(texts.keys(Language.HEBREW)).isEqualTo(texts.keys(Language.ENGLISH));
    }

    @ParameterizedTest
    @EnumSource(Language.class)
    void every_pattern_can_be_read_and_takes_the_same_arguments(Language language) {
        for (var key : texts.keys(language)) {
            var pattern = Objects.requireNonNull(texts.pattern(language, key));
            var format = new MessageFormat(pattern, ULocale.forLanguageTag(language.tag()));
            var other =
                    new MessageFormat(
                            Objects.requireNonNull(texts.pattern(Language.ENGLISH, key)),
                            ULocale.ENGLISH);
            assertThat(format.getArgumentNames()).as(key).isEqualTo(other.getArgumentNames());
        }
    }

    @ParameterizedTest
    @EnumSource(Language.class)
    void no_pattern_holds_a_dead_plural_or_a_quoted_placeholder(Language language) {
        for (var key : texts.keys(language)) {
            assertThat(texts.pattern(language, key))
                    .as(key)
                    .doesNotContainPattern("\\bmany\\s*\\{")
                    .doesNotContain("'{", "}'")
                    .isNotBlank();
        }
    }

    @Test
    void hebrew_is_hebrew_and_english_is_english() {
        for (var key : texts.keys(Language.HEBREW)) {
            boolean isOfTheOther = key.equals("connect.other_language");
            assertThat(HEBREW.matcher(texts.pattern(Language.HEBREW, key)).find())
                    .as(key)
                    .isEqualTo(!isOfTheOther);
            assertThat(HEBREW.matcher(texts.pattern(Language.ENGLISH, key)).find())
                    .as(key)
                    .isEqualTo(isOfTheOther);
        }
    }

    @Test
    void every_problem_reason_and_failure_has_its_sentences() {
        for (var kind : ProblemKind.values()) {
            assertThat(texts.has("problem." + kind.code() + ".title")).as(kind.code()).isTrue();
            assertThat(texts.has("problem." + kind.code() + ".detail")).as(kind.code()).isTrue();
        }
        for (var reason : Reason.values()) {
            assertThat(texts.has("reason." + reason.code())).as(reason.code()).isTrue();
        }
        for (var failure : SignupFailure.values()) {
            assertThat(texts.has("failure." + failure.code())).as(failure.code()).isTrue();
        }
        for (var check : MetaSetup.Code.values()) {
            assertThat(texts.has("setup." + check.code() + ".action")).as(check.code()).isTrue();
        }
        for (var step : Signup.Step.values()) {
            assertThat(texts.has("connect.step." + step.code())).as(step.code()).isTrue();
        }
    }

    @Test
    void hebrew_counts_one_two_and_the_rest() {
        assertThat(triesLeft(1)).isEqualTo("נותר ניסיון אחד היום.");
        assertThat(triesLeft(2)).isEqualTo("נותרו שני ניסיונות היום.");
        assertThat(triesLeft(20)).isEqualTo("נותרו 20 ניסיונות היום.");
        assertThat(triesLeft(0)).isEqualTo("לא נותרו ניסיונות היום.");
    }

    private String triesLeft(int left) {
        return texts.get(Language.HEBREW, "connect.pin_tries", Map.of("left", left));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "en-US,en;q=0.9,he;q=0.8 | ENGLISH",
                "he-IL | HEBREW",
                "iw-IL, en;q=0.5 | HEBREW",
                "fr, en;q=0.3 | ENGLISH",
                "en;q=0, he | HEBREW",
                "fr | HEBREW",
                "* | HEBREW",
                "en;q=x | HEBREW",
                "'' | HEBREW"
            })
    void the_first_of_ours_by_weight_is_spoken(String header, Language expected) {
        assertThat(Language.preferred(header)).isEqualTo(expected);
    }

    @Test
    void without_a_wish_it_is_hebrew() {
        assertThat(Language.preferred(null)).isEqualTo(Language.HEBREW);
    }
}
