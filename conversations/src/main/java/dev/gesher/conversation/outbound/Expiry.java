package dev.gesher.conversation.outbound;

import dev.gesher.conversation.Decision;
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
    private static final int REPLY = 0;

    private static final int UTILITY = 1;
    private static final int BULK = 2;

    private Expiry() {}

    static Instant expiresAt(Judged judged, Instant now) {
        return judged.item().request().expiresAt().orElseGet(() -> now.plus(usual(judged)));
    }

    private static Duration usual(Judged judged) {
        if (judged.item().shape().freeForm().isPresent()) {
            return USUAL;
        }
        return switch (category(judged).orElse("")) {
            case "AUTHENTICATION" -> AUTHENTICATION;
            case "MARKETING" -> MARKETING;
            default -> USUAL;
        };
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
        if (!(judged.item().asked().catalogue() instanceof Catalogue.Listed(var variants))) {
            return Optional.empty();
        }
        var chosen = language(judged);
        return variants.stream()
                .filter(variant -> chosen == null || variant.language().equals(chosen))
                .findFirst()
                .map(variant -> variant.category());
    }
}
