package dev.gesher.whatsapp.webhook;

import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.InboundSignal;
import java.util.Locale;
import java.util.Set;

/** What counters call a signal; from a closed list, whatever Meta sends. */
final class SignalTypes {
    private static final Set<String> MESSAGES =
            Set.of(
                    "text",
                    "image",
                    "video",
                    "audio",
                    "voice",
                    "document",
                    "sticker",
                    "location",
                    "contacts",
                    "reaction",
                    "button",
                    "interactive",
                    "order",
                    "system",
                    "unsupported",
                    "media_placeholder",
                    "request_welcome",
                    "ephemeral");

    private SignalTypes() {}

    /** A message's type at Meta, or {@code other}; a status; else what happened. */
    static String of(InboundSignal signal) {
        return switch (signal) {
            case InboundSignal.Message message ->
                    MESSAGES.contains(message.type()) ? message.type() : "other";
            case InboundSignal.StatusUpdate update ->
                    update.status().name().toLowerCase(Locale.ROOT);
            case InboundSignal.Edit _ -> "edit";
            case InboundSignal.Revoke _ -> "revoke";
            case InboundSignal.CustomerChanged _ -> "customer_changed";
            case InboundSignal.AppContact _ -> "app_contact";
            case InboundSignal.Preference _ -> "preference";
            case InboundSignal.News news -> of(news.fact());
        };
    }

    /** The record's name, as metrics write names. */
    private static String of(AccountFact fact) {
        return fact.getClass()
                .getSimpleName()
                .replaceAll("(?<=[a-z])(?=[A-Z])", "_")
                .toLowerCase(Locale.ROOT);
    }
}
