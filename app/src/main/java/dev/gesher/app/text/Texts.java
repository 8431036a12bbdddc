package dev.gesher.app.text;

import com.ibm.icu.text.MessageFormat;
import com.ibm.icu.util.ULocale;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The message bundles ({@code messages_he.properties}, {@code messages_en.properties}), formatted
 * by ICU.
 */
@Singleton
public final class Texts {
    private final Map<Language, Map<String, String>> patterns = new EnumMap<>(Language.class);

    public Texts() {
        for (var language : Language.values()) {
            patterns.put(language, load("/messages_" + language.tag() + ".properties"));
        }
    }

    /**
     * The sentence of {@code key}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public String get(Language language, String key) {
        return get(language, key, Map.of());
    }

    /** As {@link #get(Language, String)}, with named arguments. */
    public String get(Language language, String key, Map<String, ?> arguments) {
        var pattern = bundle(language).get(key);
        if (pattern == null) {
            throw new IllegalArgumentException("no text for " + key);
        }
        return new MessageFormat(pattern, ULocale.forLanguageTag(language.tag())).format(arguments);
    }

    /** Whether there is a sentence of {@code key}. */
    public boolean has(String key) {
        return bundle(Language.HEBREW).containsKey(key);
    }

    /** All keys of a language. */
    public Set<String> keys(Language language) {
        return bundle(language).keySet();
    }

    /** The unformatted pattern of {@code key}, or null. */
    @Nullable String pattern(Language language, String key) {
        return bundle(language).get(key);
    }

    private Map<String, String> bundle(Language language) {
        var bundle = patterns.get(language);
        if (bundle == null) {
            throw new IllegalStateException("no bundle for " + language);
        }
        return bundle;
    }

    private static Map<String, String> load(String resource) {
        var properties = new Properties();
        try (var stream = Texts.class.getResourceAsStream(resource)) {
            if (stream == null) {
                throw new IllegalStateException(resource + " is not on the class path");
            }
            properties.load(new InputStreamReader(stream, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var texts = new TreeMap<String, String>();
        properties.forEach((key, value) -> texts.put((String) key, (String) value));
        return texts;
    }
}
