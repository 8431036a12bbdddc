package dev.gesher.conversation.inbound;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.conversation.contact.Customer;
import dev.gesher.conversation.inbound.CustomerMessages.Sighting;
import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.CustomerChanged;
import dev.gesher.whatsapp.InboundSignal.Media;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Source;
import java.time.Instant;
import java.util.Optional;

/**
 * A message to be kept, from whichever side; what Meta says of a customer who changed is one, too.
 *
 * @param at by Meta's clock
 * @param bounded the same, but no later than now: a clock may be ahead of ours
 */
record Written(
        Received received,
        Customer customer,
        Optional<Message> message,
        String waMessageId,
        String type,
        String contentJson,
        Instant at,
        Instant bounded) {

    /** Empty if nobody could say whose message it is. */
    static Optional<Written> of(Received received, Instant now) {
        return switch (received.signal()) {
            case Message message -> {
                var at = bounded(message.at(), now);
                yield message.customer().isKnown()
                        ? Optional.of(
                                new Written(
                                        received,
                                        Customer.of(
                                                received.tenant(),
                                                message.customer(),
                                                at,
                                                received.phoneNumberId()),
                                        Optional.of(message),
                                        message.waMessageId(),
                                        message.type(),
                                        message.contentJson(),
                                        message.at(),
                                        at))
                        : Optional.empty();
            }
            case CustomerChanged changed ->
                    customer(received, changed, bounded(changed.at(), now))
                            .map(customer ->
                                    new Written(
                                            received,
                                            customer,
                                            Optional.empty(),
                                            changed.waMessageId(),
                                            "system",
                                            changed.contentJson(),
                                            changed.at(),
                                            customer.at()));
            default -> Optional.empty();
        };
    }

    private static Instant bounded(Instant at, Instant now) {
        return at.isAfter(now) ? now : at;
    }

    private static Optional<Customer> customer(
            Received received, CustomerChanged changed, Instant at) {
        var person = changed.after().isKnown() ? changed.after() : changed.before();
        if (!person.isKnown()) {
            return Optional.empty();
        }
        var customer = Customer.of(received.tenant(), person, at, received.phoneNumberId());
        boolean moves =
                changed.change() != CustomerChanged.Change.IDENTITY && changed.before().isKnown();
        return Optional.of(
                moves
                        ? customer.was(
                                new Customer.Before(
                                        changed.before().phone().map(p -> p.e164()),
                                        changed.before().userId(),
                                        changed.change() == CustomerChanged.Change.NUMBER))
                        : customer);
    }

    TenantId tenant() {
        return received.tenant();
    }

    Sighting sighting() {
        return new Sighting(tenant(), waMessageId);
    }

    String phoneNumberId() {
        return received.phoneNumberId();
    }

    String correlation() {
        return received.correlation();
    }

    boolean inbound() {
        return message.map(Message::fromCustomer).orElse(true);
    }

    Source source() {
        return message.map(Message::source).orElse(Source.LIVE);
    }

    /** Only what a customer just wrote does. */
    boolean opensWindow() {
        return inbound()
                && source() == Source.LIVE
                && message.map(Message::opensWindow).orElse(false);
    }

    Optional<Media> media() {
        return message.flatMap(Message::media);
    }

    Optional<String> mediaId() {
        return media().map(Media::id);
    }

    Optional<String> context() {
        return message.flatMap(Message::contextWaMessageId);
    }

    Optional<String> name() {
        return message.map(Message::customer).flatMap(Person::name);
    }

    /** What is known of a message of the business, which is at least that it was sent. */
    String status() {
        if (inbound()) {
            return "received";
        }
        return switch (message.flatMap(Message::reported).orElse(InboundSignal.Status.SENT)) {
            case SENT -> "sent";
            case DELIVERED -> "delivered";
            case READ, PLAYED -> "read";
            case FAILED -> "failed";
        };
    }

    /** Of ours the content stands beside the template that may go instead. */
    String storedContent() {
        return inbound() ? contentJson : "{\"content\":" + contentJson + "}";
    }

    /** The advertisement it came from, if it did. */
    Optional<String> referralJson() {
        return message.filter(m -> inbound() && m.source() == Source.LIVE)
                .flatMap(Message::referral)
                .map(referral -> {
                    var node = JsonNodeFactory.instance.objectNode();
                    referral.sourceType().ifPresent(value -> node.put("source_type", value));
                    referral.sourceId().ifPresent(value -> node.put("source_id", value));
                    referral.clickId().ifPresent(value -> node.put("ctwa_clid", value));
                    return node.toString();
                });
    }

    @Override
    public String toString() {
        return "message of type " + type;
    }
}
