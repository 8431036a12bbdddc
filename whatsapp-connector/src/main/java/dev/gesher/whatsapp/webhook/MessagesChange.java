package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.AccountFact.NumberError;
import dev.gesher.whatsapp.InboundSignal.Source;

/** {@code messages}: what customers write, what became of what we wrote, errors of the number. */
final class MessagesChange {
    private MessagesChange() {}

    static void read(Told told, Told.Reading into) {
        var value = told.value();
        var people = new People(value);
        var messages = value.path("messages");
        var statuses = value.path("statuses");
        boolean alone = Nodes.size(messages) == 1;
        for (var message : Nodes.listed(messages)) {
            message(message, people, alone, told, into);
        }
        for (var status : Nodes.listed(statuses)) {
            StatusReader.read(status, people, told.received(), into);
        }
        for (var error : Nodes.listed(value.path("errors"))) {
            // Beside a message it is about that message, which may come without its body; statuses
            // have errors of their own.
            if (!Nodes.present(messages) || messages.isEmpty()) {
                error(error, told, into);
            } else {
                into.ignored("error");
            }
        }
    }

    private static void message(
            JsonNode message, People people, boolean alone, Told told, Told.Reading into) {
        var id = Nodes.id(message.path("id"));
        if (id.isEmpty()) {
            into.problem("message without id");
            return;
        }
        if (Nodes.present(message.path("group_id"))) {
            into.ignored("group_message");
            return;
        }
        boolean fromUs =
                isOurs(message.path("from"), told.value().path("metadata"))
                        && !people.isListed(message.path("from"));
        var customer = fromUs ? people.addressee(message, alone) : people.sender(message, alone);
        if (!customer.isKnown()) {
            customer = People.ofSystem(message.path("system"));
        }
        if (!customer.isKnown()) {
            into.problem(fromUs ? "message without recipient" : "message without sender");
            return;
        }
        var source = fromUs ? Source.ECHO : Source.LIVE;
        if (Nodes.present(message.path("history_context"))) {
            source = Source.HISTORY;
            into.imported();
        }
        into.signal(
                MessageReader.read(message, id.get(), customer, source, !fromUs, told.received()));
    }

    /** Whether it is our own number, as people see it or as Meta calls it. */
    private static boolean isOurs(JsonNode from, JsonNode metadata) {
        var number = Json.scalar(from).map(Nodes::digits).filter(digits -> !digits.isEmpty());
        return number.isPresent()
                && (number.equals(
                                Json.scalar(metadata.path("display_phone_number"))
                                        .map(Nodes::digits))
                        || number.equals(Json.scalar(metadata.path("phone_number_id"))));
    }

    private static void error(JsonNode error, Told told, Told.Reading into) {
        StatusReader.error(error)
                .ifPresentOrElse(
                        one -> into.signal(NewsSignals.of(told, new NumberError(one), error)),
                        () -> into.problem("error without code"));
    }
}
