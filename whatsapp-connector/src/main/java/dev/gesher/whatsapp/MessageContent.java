package dev.gesher.whatsapp;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a message says, valid by construction. {@link MessageContents} reads and writes it in Meta's
 * JSON. Its text never prints.
 */
public sealed interface MessageContent {
    /** Meta's name of the type: {@code text}, {@code image}, {@code template}. */
    String type();

    /** Free-form text of at most 4096 UTF-16 units. */
    record Text(String body, boolean previewUrl) implements MessageContent {
        @Override
        public String type() {
            return "text";
        }

        @Override
        public String toString() {
            return "text of " + body.length();
        }
    }

    /**
     * An image by media id or by https link (exactly one of them), with a caption of at most 1024
     * units.
     */
    record Image(@Nullable String id, @Nullable String link, @Nullable String caption)
            implements MessageContent {
        @Override
        public String type() {
            return "image";
        }

        @Override
        public String toString() {
            return "image";
        }
    }

    /**
     * An approved template.
     *
     * @param language as Meta writes it ({@code he}, {@code en_US}); empty when our language chain
     *     is to choose
     * @param parameters texts for the body: named, or positional with empty names, in order
     * @param componentsJson Meta's own components array as JSON text, when the caller gave that
     *     instead of parameters
     */
    record Template(
            String name,
            Optional<String> language,
            List<Parameter> parameters,
            Optional<String> componentsJson)
            implements MessageContent {
        @Override
        public String type() {
            return "template";
        }

        /** The same template in the language that was chosen. */
        public Template in(String chosen) {
            return new Template(name, Optional.of(chosen), parameters, componentsJson);
        }

        @Override
        public String toString() {
            return "template " + name;
        }
    }

    /**
     * A text parameter of a template's body.
     *
     * @param name the placeholder's name, or empty for a positional one
     */
    record Parameter(String name, String text) {
        @Override
        public String toString() {
            return name.isEmpty() ? "parameter" : "parameter " + name;
        }
    }
}
