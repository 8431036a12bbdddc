package dev.gesher.conversation.routing;

import dev.gesher.conversation.Decision;
import dev.gesher.conversation.Reason;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.conversation.contact.Window;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connection.Limit;
import dev.gesher.whatsapp.Connection.Restriction;
import dev.gesher.whatsapp.WhatsAppClient.TemplateVariant;
import java.time.Duration;
import java.time.Instant;
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
    public static final int VERSION = 4;

    /** How long a message waits when Meta cannot be asked about its template. */
    static final Duration CATALOGUE_WAIT = Duration.ofSeconds(30);

    /** A template waits for the end of a restriction no longer than it is worth sending. */
    static final Duration RESTRICTION_WAIT = Duration.ofHours(24);

    private static final String MARKETING = "MARKETING";
    private static final String UTILITY = "UTILITY";

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
            // A window rarely outlasts a restriction, so replies do not wait for its end.
            if (inForce(facts, Limit.REPLIES).isPresent()) {
                reasons.add(Reason.REPLIES_RESTRICTED);
            }
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

    private static Optional<Restriction> inForce(Facts facts, Limit limit) {
        return facts.restrictions().stream()
                .filter(one -> one.limit() == limit && one.isInForce(facts.now()))
                .findFirst();
    }

    /** When a restriction ends that is worth waiting for. */
    private static Optional<Instant> endsSoon(Facts facts, Optional<Restriction> restriction) {
        return restriction
                .flatMap(Restriction::until)
                .filter(until -> !until.isAfter(facts.now().plus(RESTRICTION_WAIT)));
    }

    private static Decision template(Facts facts, Facts.TemplateWish wish, List<Reason> reasons) {
        var restriction = inForce(facts, Limit.TEMPLATES);
        var ends = endsSoon(facts, restriction);
        if (restriction.isPresent() && ends.isEmpty()) {
            reasons.add(Reason.TEMPLATES_RESTRICTED);
        }
        var decision = unrestricted(facts, wish, reasons);
        return decision instanceof Decision.Template && ends.isPresent()
                ? new Decision.Deferred(ends.get(), List.of(Reason.TEMPLATES_RESTRICTED))
                : decision;
    }

    private static Decision unrestricted(
            Facts facts, Facts.TemplateWish wish, List<Reason> reasons) {
        return switch (facts.catalogue()) {
            case Catalogue.Listed(var variants) -> listed(facts, wish, variants, reasons);
            case Catalogue.Unavailable() ->
                    reasons.isEmpty()
                            ? wish.decided()
                                    .filter(_ -> inForce(facts, Limit.UTILITY_TEMPLATES).isEmpty())
                                    // It may be advertising.
                                    .filter(language -> !facts.marketingStopped())
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
        var chosen =
                Stream.concat(
                                Languages.wished(wish.language(), facts.tenantLocale()).stream(),
                                Languages.SECOND.stream())
                        .flatMap(code ->
                                inLanguage(
                                        forAdvertising.contains(code) ? approved : notMarketing,
                                        code))
                        .findFirst();
        if (chosen.isEmpty()) {
            if (facts.freeForm() && facts.routing() == Routing.AUTO) {
                reasons.add(Reason.WINDOW_CLOSED);
            }
            reasons.add(whyNone(variants, approved));
            return new Decision.Blocked(List.copyOf(reasons));
        }
        var restriction =
                inForce(facts, Limit.UTILITY_TEMPLATES)
                        .filter(_ -> chosen.get().category().equals(UTILITY));
        var ends = endsSoon(facts, restriction);
        if (restriction.isPresent() && ends.isEmpty()) {
            reasons.add(Reason.UTILITY_TEMPLATES_RESTRICTED);
        }
        if (facts.marketingStopped() && chosen.get().category().equals(MARKETING)) {
            reasons.add(Reason.MARKETING_STOPPED);
        }
        if (!reasons.isEmpty()) {
            return new Decision.Blocked(List.copyOf(reasons));
        }
        return ends.isPresent()
                ? new Decision.Deferred(ends.get(), List.of(Reason.UTILITY_TEMPLATES_RESTRICTED))
                : new Decision.Template(wish.name(), chosen.get().language());
    }

    /** As Meta spells it, which is what a send must name. */
    private static Stream<TemplateVariant> inLanguage(List<TemplateVariant> approved, String code) {
        return approved.stream()
                .filter(variant -> Languages.normalise(variant.language()).equals(code));
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
