package dev.gesher.conversation.routing;

import dev.gesher.conversation.Decision;
import dev.gesher.conversation.Reason;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.conversation.contact.Window;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.WhatsAppClient.TemplateVariant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Decides how a message may go. The same for a precheck, an acceptance and each call: what it says
 * depends on nothing but the facts.
 */
public final class Rules {
    /** Grows whenever the same facts may lead to another decision; kept with each message. */
    public static final int VERSION = 2;

    /** How long a message waits when Meta cannot be asked about its template. */
    static final Duration CATALOGUE_WAIT = Duration.ofSeconds(30);

    private static final String MARKETING = "MARKETING";

    private Rules() {}

    /** The decision; all reasons are listed, in the order of {@link Reason}. */
    public static Decision decide(Facts facts) {
        var reasons = new ArrayList<Reason>();
        senderReasons(facts, reasons);
        if (facts.phoneNumberId().isEmpty()) {
            return new Decision.Blocked(List.copyOf(reasons));
        }
        var window = openWindow(facts);
        if (goesFreeForm(facts, window.isPresent())) {
            return reasons.isEmpty()
                    ? new Decision.FreeForm(window.orElseThrow().safeUntil())
                    : new Decision.Blocked(List.copyOf(reasons));
        }
        if (facts.routing() == Routing.FREEFORM || facts.template().isEmpty()) {
            reasons.add(Reason.WINDOW_CLOSED);
            return new Decision.Blocked(List.copyOf(reasons));
        }
        return template(facts, facts.template().orElseThrow(), reasons);
    }

    private static void senderReasons(Facts facts, List<Reason> reasons) {
        if (!facts.tenantActive()) {
            reasons.add(Reason.TENANT_SUSPENDED);
        }
        var status = facts.connectionStatus();
        if (status.equals(Optional.of(Connection.Status.INVALID))) {
            reasons.add(Reason.CONNECTION_INVALID);
        } else if (!status.equals(Optional.of(Connection.Status.ACTIVE))
                || facts.phoneNumberId().isEmpty()) {
            reasons.add(Reason.NOT_CONNECTED);
        }
        if (facts.recipientIsSender()) {
            reasons.add(Reason.RECIPIENT_IS_SENDER);
        }
    }

    private static Optional<Window> openWindow(Facts facts) {
        return facts.window()
                .filter(window -> window.isOpen(facts.phoneNumberId().orElseThrow(), facts.now()));
    }

    private static boolean goesFreeForm(Facts facts, boolean windowOpen) {
        return facts.freeForm()
                && facts.routing() != Routing.TEMPLATE
                && windowOpen
                && !(facts.windowRefused() && facts.template().isPresent());
    }

    private static Decision template(Facts facts, Facts.TemplateWish wish, List<Reason> reasons) {
        return switch (facts.catalogue()) {
            case Catalogue.Listed(var variants) -> listed(facts, wish, variants, reasons);
            case Catalogue.Unavailable() ->
                    reasons.isEmpty()
                            ? wish.decided()
                                    .<Decision>map(language ->
                                            new Decision.Template(wish.name(), language))
                                    .orElseGet(() -> later(facts))
                            : new Decision.Blocked(List.copyOf(reasons));
            case Catalogue.NotAsked() ->
                    reasons.isEmpty() ? later(facts) : new Decision.Blocked(List.copyOf(reasons));
        };
    }

    private static Decision later(Facts facts) {
        return new Decision.Deferred(
                facts.now().plus(CATALOGUE_WAIT), List.of(Reason.TEMPLATE_CATALOGUE_UNAVAILABLE));
    }

    private static Decision listed(
            Facts facts,
            Facts.TemplateWish wish,
            List<TemplateVariant> variants,
            List<Reason> reasons) {
        var approved = variants.stream().filter(TemplateVariant::approved).toList();
        // Advertising does not silently go out in a language that nobody asked for.
        var notMarketing =
                approved.stream().filter(variant -> !variant.category().equals(MARKETING)).toList();
        var forAdvertising = Languages.forAdvertising(wish.language(), facts.tenantLocale());
        var language =
                Stream.concat(
                                Languages.wished(wish.language(), facts.tenantLocale()).stream(),
                                Languages.SECOND.stream())
                        .flatMap(code ->
                                inLanguage(
                                        forAdvertising.contains(code) ? approved : notMarketing,
                                        code))
                        .findFirst();
        if (language.isEmpty()) {
            if (facts.freeForm() && facts.routing() == Routing.AUTO) {
                reasons.add(Reason.WINDOW_CLOSED);
            }
            reasons.add(whyNone(variants, approved));
        }
        return reasons.isEmpty()
                ? new Decision.Template(wish.name(), language.orElseThrow())
                : new Decision.Blocked(List.copyOf(reasons));
    }

    /** As Meta spells it, which is what a send must name. */
    private static Stream<String> inLanguage(List<TemplateVariant> approved, String code) {
        return approved.stream()
                .map(TemplateVariant::language)
                .filter(language -> Languages.normalise(language).equals(code));
    }

    private static Reason whyNone(List<TemplateVariant> variants, List<TemplateVariant> approved) {
        if (variants.isEmpty()) {
            return Reason.TEMPLATE_NOT_FOUND;
        }
        return approved.isEmpty()
                ? Reason.TEMPLATE_NOT_APPROVED
                : Reason.TEMPLATE_LANGUAGE_UNAVAILABLE;
    }
}
