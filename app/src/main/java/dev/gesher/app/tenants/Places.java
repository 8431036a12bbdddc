package dev.gesher.app.tenants;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Languages and regions that exist: ISO 639 and ISO 3166, as this Java lists them. */
final class Places {
    static final String DEFAULT_LOCALE = "he";
    static final String DEFAULT_REGION = "IL";

    private static final Pattern LOCALE = Pattern.compile("([a-z]{2,3})(?:_([A-Z]{2}))?");
    private static final Set<String> REGIONS = Set.of(Locale.getISOCountries());

    /** The list has two letters each; what has three only (fil) is among the locales. */
    private static final Set<String> LANGUAGES =
            Stream.concat(
                            Arrays.stream(Locale.getISOLanguages()),
                            Arrays.stream(Locale.getAvailableLocales()).map(Locale::getLanguage))
                    .filter(language -> !language.isEmpty())
                    .collect(Collectors.toUnmodifiableSet());

    private Places() {}

    static boolean isRegion(String text) {
        return REGIONS.contains(text);
    }

    /**
     * A locale as Meta writes it ({@code he}, {@code en_US}); empty if its language or its region
     * is none. Java and old Android write {@code iw} where Meta writes {@code he}.
     */
    static Optional<String> locale(String text) {
        var parts = LOCALE.matcher(text);
        if (!parts.matches()
                || !LANGUAGES.contains(parts.group(1))
                || (parts.group(2) != null && !isRegion(parts.group(2)))) {
            return Optional.empty();
        }
        return Optional.of(
                text.equals("he_IL") || text.equals("iw") || text.equals("iw_IL")
                        ? DEFAULT_LOCALE
                        : text);
    }
}
