package dev.gesher.tenant;

import io.micronaut.core.convert.ConversionContext;
import io.micronaut.core.convert.TypeConverter;
import jakarta.inject.Singleton;
import java.util.Optional;

/**
 * Lets configuration records hold secrets as {@link SecretText}; a blank value counts as not set.
 */
@Singleton
final class SecretTextConverter implements TypeConverter<CharSequence, SecretText> {
    @Override
    public Optional<SecretText> convert(
            CharSequence value, Class<SecretText> type, ConversionContext context) {
        var text = value.toString();
        return text.isBlank() ? Optional.empty() : Optional.of(SecretText.of(text));
    }
}
