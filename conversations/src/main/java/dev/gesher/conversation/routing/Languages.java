package dev.gesher.conversation.routing;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Languages as Meta writes them, and in which order we try them. */
final class Languages {
    /** Tried last: what most people can read. */
    static final List<String> SECOND = List.of("en", "en_US");

    private static final Set<String> HEBREW = Set.of("he", "iw", "he_IL", "iw_IL");

    private Languages() {}

    /**
     * {@code he} for every way to write Hebrew ({@code iw}, {@code he-IL}), else language in lower
     * and region in upper case with an underscore.
     */
    public static String normalise(String language) {
        var parts = language.strip().replace('-', '_').split("_", 2);
        var code =
                parts.length == 1
                        ? parts[0].toLowerCase(Locale.ROOT)
                        : parts[0].toLowerCase(Locale.ROOT)
                                + "_"
                                + parts[1].toUpperCase(Locale.ROOT);
        return HEBREW.contains(code) ? "he" : code;
    }

    /** Requested, its base language, the tenant's, its base language. */
    static List<String> wished(Optional<String> requested, String tenantLocale) {
        var chain = new LinkedHashSet<String>();
        requested.ifPresent(language -> addWithBase(chain, language));
        addWithBase(chain, tenantLocale);
        return new ArrayList<>(chain);
    }

    /**
     * Which of them may carry advertising: the requested one and its base, the tenant's if none was
     * requested, and Hebrew.
     */
    static Set<String> forAdvertising(Optional<String> requested, String tenantLocale) {
        var asked = new LinkedHashSet<String>();
        addWithBase(asked, requested.orElse(tenantLocale));
        asked.add("he");
        return asked;
    }

    private static void addWithBase(Set<String> chain, String language) {
        var code = normalise(language);
        chain.add(code);
        int region = code.indexOf('_');
        if (region > 0) {
            chain.add(code.substring(0, region));
        }
    }
}
