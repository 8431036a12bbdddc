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
            // Beside a message it is about that message, which may come without its body.
            if (messages.isEmpty() && statuses.isEmpty()) {
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
        var sender = people.sender(message, alone);
        if (!sender.isKnown()) {
            sender = People.ofSystem(message.path("system"));
        }
        if (!sender.isKnown()) {
            into.problem("message without sender");
            return;
        }
        into.signal(
                MessageReader.read(message, id.get(), sender, Source.LIVE, true, told.received()));
    }

    private static void error(JsonNode error, Told told, Told.Reading into) {
        StatusReader.error(error)
                .ifPresentOrElse(
                        one -> into.signal(NewsSignals.of(told, new NumberError(one), error)),
                        () -> into.problem("error without code"));
    }
}
