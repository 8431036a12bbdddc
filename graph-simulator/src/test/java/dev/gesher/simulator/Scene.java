package dev.gesher.simulator;

import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.NumberSpec;
import java.io.IOException;

/**
 * A simulator on a clock that stands still, with one registered business, its token and a
 * subscribed app.
 */
final class Scene implements AutoCloseable {
    static final String CUSTOMER = "+972501234567";

    final SettableClock clock = new SettableClock();
    final ReceivingApp app = new ReceivingApp();
    final GraphSimulator simulator;
    final Control control;
    final Business business;
    final String number;
    final String token;
    final Client client;
    final Client anonymous;

    Scene() throws IOException, InterruptedException {
        simulator =
                GraphSimulator.start(
                        SimulatorOptions.forTests()
                                .withClock(clock)
                                .withWebhookUrl(app.url())
                                .withSeed(17));
        control = simulator.control();
        business =
                control.createBusiness(
                        BusinessSpec.named("פרחי דנה")
                                .withNumber(NumberSpec.of("+972 3-555-0101").alreadyRegistered()));
        number = business.phoneNumberId();
        token = control.mintToken(business.wabaId());
        client = new Client(simulator.baseUrl(), token);
        anonymous = new Client(simulator.baseUrl(), null);
        client.post("/v21.0/" + business.wabaId() + "/subscribed_apps", "");
    }

    /** Sends a message object (without the envelope) to the usual customer. */
    Client.Answered send(String typeAndBody) throws IOException, InterruptedException {
        return sendTo(CUSTOMER, typeAndBody);
    }

    Client.Answered sendTo(String to, String typeAndBody) throws IOException, InterruptedException {
        return client.post(
                "/v21.0/" + number + "/messages",
                "{\"messaging_product\":\"whatsapp\",\"to\":\"" + to + "\"," + typeAndBody + "}");
    }

    Client.Answered sendText(String body) throws IOException, InterruptedException {
        return send("\"type\":\"text\",\"text\":{\"body\":\"" + body + "\"}");
    }

    void customerWrote() {
        control.customerWrites(number, CUSTOMER, "שלום");
    }

    @Override
    public void close() {
        simulator.close();
        app.close();
    }
}
