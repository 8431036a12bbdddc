package dev.gesher.conversation.outbound;

import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.conversation.contact.Window;
import dev.gesher.conversation.routing.Catalogue;
import dev.gesher.conversation.routing.Facts;
import dev.gesher.conversation.routing.Facts.TemplateWish;
import dev.gesher.tenant.Tenant;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.Recipient;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Gathers the facts of a decision, the same way for a precheck, an acceptance and a call. */
final class Judge {
    private Judge() {}

    /** What is wished for, whoever asks. */
    record Wish(
            Recipient recipient,
            Routing routing,
            boolean freeForm,
            boolean windowRefused,
            Optional<TemplateWish> template) {
        static Wish of(Recipient recipient, Routing routing, Shape shape) {
            return new Wish(
                    recipient,
                    routing,
                    shape.freeForm().isPresent(),
                    false,
                    shape.template().map(template -> wish(template, Optional.empty())));
        }
    }

    static TemplateWish wish(MessageContent.Template template, Optional<String> decided) {
        return new TemplateWish(template.name(), template.language(), decided);
    }

    static Facts facts(
            Instant now,
            Tenant tenant,
            Optional<Connection> connection,
            Optional<Window> window,
            boolean marketingStopped,
            Wish wish,
            Catalogue catalogue) {
        return new Facts(
                now,
                tenant.status() == Tenant.Status.ACTIVE,
                connection.map(Connection::status),
                connection.flatMap(Connection::phoneNumberId),
                connection.map(Connection::restrictions).orElse(List.of()),
                isSender(wish.recipient(), connection),
                window,
                wish.routing(),
                wish.freeForm(),
                wish.windowRefused(),
                wish.template(),
                tenant.locale(),
                marketingStopped,
                catalogue);
    }

    private static boolean isSender(Recipient recipient, Optional<Connection> connection) {
        return recipient instanceof Recipient.Phone(var number)
                && connection
                        .flatMap(Connection::displayPhoneNumber)
                        .filter(shown -> digits(shown).equals(digits(number.e164())))
                        .isPresent();
    }

    private static String digits(String number) {
        return number.replaceAll("[^0-9]", "");
    }
}
