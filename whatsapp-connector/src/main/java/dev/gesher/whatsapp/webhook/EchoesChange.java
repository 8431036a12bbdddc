package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.InboundSignal.Source;

/** {@code smb_message_echoes}: what the business wrote in its WhatsApp Business app. */
final class EchoesChange {
    private EchoesChange() {}

    static void read(Told told, Told.Reading into) {
        var people = new People(told.value());
        var echoes = told.value().path("message_echoes");
        boolean alone = Nodes.size(echoes) == 1;
        for (var echo : Nodes.listed(echoes)) {
            echo(echo, people, alone, told, into);
        }
    }

    private static void echo(
            JsonNode echo, People people, boolean alone, Told told, Told.Reading into) {
        var id = Nodes.id(echo.path("id"));
        if (id.isEmpty()) {
            into.problem("echo without id");
            return;
        }
        if (Nodes.present(echo.path("group_id"))
                || Json.scalar(echo.path("recipient_type")).filter("group"::equals).isPresent()) {
            into.ignored("group_message");
            return;
        }
        var customer = people.addressee(echo, alone);
        if (!customer.isKnown()) {
            into.problem("echo without recipient");
            return;
        }
        into.signal(
                MessageReader.read(echo, id.get(), customer, Source.ECHO, false, told.received()));
    }
}
