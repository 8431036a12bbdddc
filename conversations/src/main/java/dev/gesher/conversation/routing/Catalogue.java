package dev.gesher.conversation.routing;

import dev.gesher.whatsapp.WhatsAppClient.TemplateVariant;
import java.util.List;

/** What was known of the named template when the decision was made. */
public sealed interface Catalogue {
    /** Every language of it that Meta lists; empty if there is no such template. */
    record Listed(List<TemplateVariant> variants) implements Catalogue {}

    /** Meta could not be asked. */
    record Unavailable() implements Catalogue {}

    /** Nobody asked: there is no template, or no connection to ask with. */
    record NotAsked() implements Catalogue {}
}
