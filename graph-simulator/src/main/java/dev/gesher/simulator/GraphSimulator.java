package dev.gesher.simulator;

import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.control.ControlApi;
import dev.gesher.simulator.graph.GraphApi;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.http.Call;
import dev.gesher.simulator.http.LoopbackServer;
import dev.gesher.simulator.phone.Phones;
import dev.gesher.simulator.signup.Signup;
import dev.gesher.simulator.webhook.Webhooks;
import dev.gesher.simulator.world.World;
import java.io.IOException;
import java.util.function.Function;

/**
 * A running simulator on 127.0.0.1. Closing it ends the server, the phones and what webhooks are
 * under way.
 */
public final class GraphSimulator implements AutoCloseable {
    private final SimulatorOptions options;
    private final LoopbackServer server;
    private final Webhooks webhooks;
    private final Control control;

    private GraphSimulator(
            SimulatorOptions options, LoopbackServer server, Webhooks webhooks, Control control) {
        this.options = options;
        this.server = server;
        this.webhooks = webhooks;
        this.control = control;
    }

    /**
     * Starts one.
     *
     * @throws java.net.BindException when the port is taken
     */
    public static GraphSimulator start(SimulatorOptions options) throws IOException {
        var world =
                new World(
                        new World.App(
                                options.appId(),
                                options.appSecret(),
                                options.configId(),
                                options.verifyToken()),
                        options.webhookUrl(),
                        options.clock(),
                        options.seed());
        // The address is known only once the port is bound, and what answers needs the address.
        var door = new Door();
        var server = LoopbackServer.start(options.port(), door);
        var baseUrl = "http://127.0.0.1:" + server.port();
        var webhooks = new Webhooks(world);
        var phones = new Phones(world, webhooks, baseUrl);
        var signup = new Signup(world);
        var control = new Control(world, webhooks, phones, signup);
        var controlApi = new ControlApi(control, options.controlToken());
        var graph = new GraphApi(world, webhooks, phones, baseUrl);
        door.open(call ->
                ControlApi.owns(call)
                        ? controlApi.answer(call)
                        : signup.answer(call).orElseGet(() -> graph.answer(call)));
        return new GraphSimulator(options, server, webhooks, control);
    }

    /** Starts one for a test, with {@link SimulatorOptions#forTests()}. */
    public static GraphSimulator start() throws IOException {
        return start(SimulatorOptions.forTests());
    }

    /** Lets calls wait until there is something to answer them. */
    private static final class Door implements Function<Call, Answer> {
        private final java.util.concurrent.CompletableFuture<Function<Call, Answer>> handler =
                new java.util.concurrent.CompletableFuture<>();

        void open(Function<Call, Answer> value) {
            handler.complete(value);
        }

        @Override
        public Answer apply(Call call) {
            return handler.join().apply(call);
        }
    }

    public int port() {
        return server.port();
    }

    /** {@code http://127.0.0.1:<port>}, without a slash at the end. */
    public String baseUrl() {
        return "http://127.0.0.1:" + port();
    }

    /**
     * What to use in place of {@code https://graph.facebook.com}; the version follows in the path.
     */
    public String graphUrl() {
        return baseUrl();
    }

    public String controlToken() {
        return options.controlToken();
    }

    public SimulatorOptions options() {
        return options;
    }

    /** The control API in Java. */
    public Control control() {
        return control;
    }

    @Override
    public void close() {
        webhooks.close();
        server.close();
    }
}
