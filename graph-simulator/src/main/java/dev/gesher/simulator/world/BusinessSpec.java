package dev.gesher.simulator.world;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A WhatsApp Business Account to be made, with its numbers.
 *
 * @param businessId the portfolio that owns it; one is made when absent. Two accounts with the same
 *     portfolio share grants and user ids, as with Meta
 * @param wabaId one is made when absent
 * @param templates templates in Meta's shape ({@code name}, {@code language}, {@code category},
 *     {@code status}, {@code parameter_format}, {@code components}) besides the standard ones
 * @param withoutStandardTemplates leaves {@link StandardTemplates} out
 */
public record BusinessSpec(
        String name,
        @Nullable String businessId,
        @Nullable String wabaId,
        @Nullable List<NumberSpec> numbers,
        @Nullable List<ObjectNode> templates,
        boolean withoutStandardTemplates) {

    /** A business with the standard templates and no number yet. */
    public static BusinessSpec named(String name) {
        return new BusinessSpec(name, null, null, List.of(), List.of(), false);
    }

    public BusinessSpec withBusinessId(String id) {
        return new BusinessSpec(name, id, wabaId, numbers, templates, withoutStandardTemplates);
    }

    public BusinessSpec withWabaId(String id) {
        return new BusinessSpec(name, businessId, id, numbers, templates, withoutStandardTemplates);
    }

    public BusinessSpec withNumber(String displayPhoneNumber) {
        return withNumber(NumberSpec.of(displayPhoneNumber));
    }

    public BusinessSpec withNumber(NumberSpec number) {
        var all =
                Stream.concat(
                                numbers == null ? Stream.empty() : numbers.stream(),
                                Stream.of(number))
                        .toList();
        return new BusinessSpec(name, businessId, wabaId, all, templates, withoutStandardTemplates);
    }

    public BusinessSpec withTemplate(ObjectNode template) {
        var all =
                Stream.concat(
                                templates == null ? Stream.empty() : templates.stream(),
                                Stream.of(template))
                        .toList();
        return new BusinessSpec(name, businessId, wabaId, numbers, all, withoutStandardTemplates);
    }
}
