package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.AccountFact.HistoryProgress;
import dev.gesher.whatsapp.AccountFact.HistoryRefused;
import dev.gesher.whatsapp.AccountFact.NumberError;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Source;
import java.util.Optional;

/**
 * {@code history}: what was written in the WhatsApp Business app before the number was connected,
 * in threads; files of it come later, as messages of their own.
 */
final class HistoryChange {
    /** The owner shares no history. */
    private static final String REFUSED = "2593109";

    private static final Person NOBODY = Person.of(Optional.empty(), Optional.empty());

    private final Told told;
    private final Told.Reading into;
    private final People people;
    private final Optional<String> business;

    private HistoryChange(Told told, Told.Reading into) {
        this.told = told;
        this.into = into;
        this.people = new People(told.value());
        this.business =
                Json.scalar(told.value().path("metadata").path("display_phone_number"))
                        .map(Nodes::digits)
                        .filter(digits -> !digits.isEmpty());
    }

    static void read(Told told, Told.Reading into) {
        into.imported();
        var change = new HistoryChange(told, into);
        for (var chunk : Nodes.listed(told.value().path("history"))) {
            change.chunk(chunk);
        }
        var messages = told.value().path("messages");
        boolean alone = Nodes.size(messages) == 1;
        for (var message : Nodes.listed(messages)) {
            change.message(message, NOBODY, alone);
        }
        change.errors(told.value().path("errors"), Nodes.present(messages));
    }

    private void chunk(JsonNode chunk) {
        for (var thread : Nodes.listed(chunk.path("threads"))) {
            thread(thread);
        }
        var metadata = chunk.path("metadata");
        if (metadata.isObject()) {
            into.signal(
                    NewsSignals.of(
                            told,
                            new HistoryProgress(
                                    Nodes.number(metadata.path("phase")).orElse(0),
                                    Nodes.number(metadata.path("chunk_order")).orElse(0),
                                    Nodes.number(metadata.path("progress")).orElse(0)),
                            metadata));
        }
        errors(chunk.path("errors"), Nodes.present(chunk.path("threads")));
    }

    /** Beside a message they are about that message, which may come without its body. */
    private void errors(JsonNode errors, boolean besideMessages) {
        for (var error : Nodes.listed(errors)) {
            StatusReader.error(error)
                    .ifPresentOrElse(
                            one -> {
                                if (one.code().equals(REFUSED)) {
                                    into.signal(
                                            NewsSignals.of(told, new HistoryRefused(one), error));
                                } else if (besideMessages) {
                                    into.ignored("error");
                                } else {
                                    into.signal(NewsSignals.of(told, new NumberError(one), error));
                                }
                            },
                            () -> into.problem("error without code"));
        }
    }

    private void thread(JsonNode thread) {
        var context = thread.path("context");
        var customer =
                People.both(
                        people.at(thread.path("id")),
                        People.both(people.named(context), people.named(thread)));
        for (var message : Nodes.listed(thread.path("messages"))) {
            message(message, customer, false);
        }
    }

    private void message(JsonNode message, Person ofThread, boolean alone) {
        var id = Nodes.id(message.path("id"));
        if (id.isEmpty()) {
            into.problem("message without id");
            return;
        }
        if (Nodes.present(message.path("group_id"))) {
            into.ignored("group_message");
            return;
        }
        boolean fromCustomer = isFromCustomer(message, ofThread);
        var customer =
                People.both(
                        ofThread,
                        fromCustomer
                                ? people.sender(message, alone)
                                : people.addressee(message, alone));
        if (!customer.isKnown()) {
            into.problem("message without customer");
            return;
        }
        into.signal(
                MessageReader.read(
                        message,
                        id.get(),
                        customer,
                        Source.HISTORY,
                        fromCustomer,
                        told.received()));
    }

    /** Whose number it is from says who wrote it; without ours, the thread's is the customer's. */
    private boolean isFromCustomer(JsonNode message, Person ofThread) {
        var from = Nodes.phone(message.path("from"));
        if (from.isEmpty()) {
            return Nodes.notAPhone(message.path("from")).isPresent()
                    || Nodes.id(message.path("from_user_id")).isPresent()
                    || !(Nodes.present(message.path("to"))
                            || Nodes.present(message.path("to_user_id")));
        }
        return business.map(ours -> !Nodes.digits(from.get().e164()).equals(ours))
                .orElseGet(() -> ofThread.phone().isEmpty() || ofThread.phone().equals(from));
    }
}
