package dev.gesher.conversation.routing;

import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.conversation.contact.Window;
import dev.gesher.whatsapp.Connection;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Everything a decision depends on.
 *
 * @param connectionStatus of the tenant's connection, if it has one
 * @param phoneNumberId the connection's number
 * @param restrictions what Meta does not let the account send
 * @param recipientIsSender whether the message is to that very number
 * @param window the conversation's window, whichever number it belongs to
 * @param freeForm whether the message has free-form content
 * @param windowRefused whether Meta has refused this message already because the window was closed
 * @param template the template it may go as
 * @param tenantLocale the tenant's default language
 * @param marketingStopped whether the recipient wants no advertising from this business
 */
public record Facts(
        Instant now,
        boolean tenantActive,
        Optional<Connection.Status> connectionStatus,
        Optional<String> phoneNumberId,
        List<Connection.Restriction> restrictions,
        boolean recipientIsSender,
        Optional<Window> window,
        Routing routing,
        boolean freeForm,
        boolean windowRefused,
        Optional<TemplateWish> template,
        String tenantLocale,
        boolean marketingStopped,
        Catalogue catalogue) {
    /**
     * A template as wished for.
     *
     * @param language the language asked for, or empty for the tenant's own
     * @param decided the language an earlier decision for this message chose: good enough while
     *     Meta cannot be asked
     */
    public record TemplateWish(String name, Optional<String> language, Optional<String> decided) {}
}
