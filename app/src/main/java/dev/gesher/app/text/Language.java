package dev.gesher.app.text;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A language that Gesher speaks to people. */
public enum Language {
    /** The default. */
    HEBREW("he", "rtl"),
    ENGLISH("en", "ltr");

    private final String tag;
    private final String direction;

    Language(String tag, String direction) {
        this.tag = tag;
        this.direction = direction;
    }

    /** The BCP 47 tag, as in HTML's {@code lang} and the name of the message bundle. */
    public String tag() {
        return tag;
    }

    /** The direction of writing, as in HTML's {@code dir}. */
    public String direction() {
        return direction;
    }

    /** The language of a tag such as {@code en-US}, {@code he} or the old {@code iw}. */
    public static Optional<Language> ofTag(String text) {
        var primary = text.strip().toLowerCase(Locale.ROOT).split("[-_]", 2)[0];
        return switch (primary) {
            case "he", "iw" -> Optional.of(HEBREW);
            case "en" -> Optional.of(ENGLISH);
            default -> Optional.empty();
        };
    }

    /**
     * The first of ours in an {@code Accept-Language} header, by weight; Hebrew when there is none.
     */
    public static Language preferred(@Nullable String acceptLanguage) {
        if (acceptLanguage == null || acceptLanguage.length() > 1_000) {
            return HEBREW;
        }
        try {
            return Locale.LanguageRange.parse(acceptLanguage).stream()
                    .filter(range -> range.getWeight() > 0)
                    .flatMap(range -> ofTag(range.getRange()).stream())
                    .findFirst()
                    .orElse(HEBREW);
        } catch (IllegalArgumentException malformed) {
            return HEBREW;
        }
    }
}
