package dev.gesher.conversation.outbound;

import dev.gesher.conversation.Decision;
import dev.gesher.conversation.message.StoredMessage;
import dev.gesher.conversation.outbound.AcceptBatch.Judged;
import dev.gesher.conversation.routing.Catalogue;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What follows from the kind of a message: how long it is worth sending, and how soon. */
final class Expiry {
    private static final Duration USUAL = Duration.ofHours(24);
    private static final Duration AUTHENTICATION = Duration.ofMinutes(10);
    private static final Duration MARKETING = Duration.ofDays(2);

    /** Replies first, then what customers wait for, then advertising. */
    static final int REPLY = 0;

    static final int UTILITY = 1;
    private static final int BULK = 2;

    private Expiry() {}

    static Instant expiresAt(Judged judged, Instant now) {
        return judged.item().request().expiresAt().orElseGet(() -> now.plus(usual(judged)));
    }

    private static Duration usual(Judged judged) {
        return judged.decision() instanceof Decision.Template
                ? usual(category(judged).orElse(""))
                : USUAL;
    }

    private static Duration usual(String category) {
        return switch (category) {
            case "AUTHENTICATION" -> AUTHENTICATION;
            case "MARKETING" -> MARKETING;
            default -> USUAL;
        };
    }

    /**
     * Whether a message about to go as {@code template} is past its time. It has an earlier one
     * than its row says if nobody asked for any and the category was not known when it was
     * accepted.
     */
    static boolean isOver(
            StoredMessage message, Decision.Template template, Catalogue catalogue, Instant now) {
        var accepted = message.acceptedAt();
        return message.expiresAt().equals(Optional.of(accepted.plus(USUAL)))
                && !now.isBefore(
                        accepted.plus(usual(category(catalogue, template.language()).orElse(""))));
    }

    static int priority(Judged judged) {
        if (judged.decision() instanceof Decision.FreeForm) {
            return REPLY;
        }
        return category(judged).equals(Optional.of("MARKETING")) ? BULK : UTILITY;
    }

    /** When it may go first; a blocked one never does. */
    static @Nullable Instant notBefore(Judged judged, Instant now) {
        return switch (judged.decision()) {
            case Decision.Deferred(var until, var ignored) -> until;
            case Decision.Blocked blocked -> null;
            case Decision.FreeForm freeForm -> now;
            case Decision.Template template -> now;
        };
    }

    static @Nullable String language(Judged judged) {
        return judged.decision() instanceof Decision.Template(var name, var language)
                ? language
                : null;
    }

    static List<String> reasons(Judged judged) {
        return switch (judged.decision()) {
            case Decision.Blocked(var reasons) -> reasons.stream().map(r -> r.code()).toList();
            case Decision.Deferred(var until, var reasons) ->
                    reasons.stream().map(r -> r.code()).toList();
            case Decision.FreeForm freeForm -> List.of();
            case Decision.Template template -> List.of();
        };
    }

    /** The category of the language that was chosen, else of the template's first one. */
    private static Optional<String> category(Judged judged) {
        return category(judged.item().asked().catalogue(), language(judged));
    }

    private static Optional<String> category(Catalogue catalogue, @Nullable String chosen) {
        if (!(catalogue instanceof Catalogue.Listed(var variants))) {
            return Optional.empty();
        }
        return variants.stream()
                .filter(variant -> chosen == null || variant.language().equals(chosen))
                .findFirst()
                .map(variant -> variant.category());
    }
}
