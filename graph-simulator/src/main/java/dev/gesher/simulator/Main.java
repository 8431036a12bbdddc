package dev.gesher.simulator;

import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Map;

/**
 * The simulator as a process of its own. It prints {@code ready <port>} when it listens and ends
 * when its standard input does, so that it never outlives whoever started it.
 */
public final class Main {
    private static final int BAD_SETTING = 2;
    private static final int PORT_TAKEN = 3;

    private Main() {}

    public static void main(String[] arguments) throws IOException {
        System.exit(run(System.getenv(), System.out, System.err));
    }

    private static int run(Map<String, String> environment, PrintStream out, PrintStream err)
            throws IOException {
        SimulatorOptions options;
        try {
            options = options(environment);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            return BAD_SETTING;
        }
        try (var simulator = GraphSimulator.start(options)) {
            out.println("ready " + simulator.port());
            out.flush();
            while (System.in.read() >= 0) {
                // what the parent writes means nothing; that it stops does
            }
            return 0;
        } catch (BindException e) {
            err.println(
                    "The simulator can't listen on 127.0.0.1:"
                            + options.port()
                            + ": the port is taken.");
            return PORT_TAKEN;
        }
    }

    static SimulatorOptions options(Map<String, String> environment) {
        var defaults = SimulatorOptions.forTests();
        return new SimulatorOptions(
                port(environment.getOrDefault("SIMULATOR_PORT", "0")),
                environment.getOrDefault("SIMULATOR_APP_ID", defaults.appId()),
                environment.getOrDefault("SIMULATOR_APP_SECRET", defaults.appSecret()),
                environment.getOrDefault("SIMULATOR_CONFIG_ID", defaults.configId()),
                environment.getOrDefault("SIMULATOR_VERIFY_TOKEN", defaults.verifyToken()),
                environment.get("SIMULATOR_WEBHOOK_URL"),
                controlToken(environment),
                Clock.systemUTC(),
                new SecureRandom().nextLong());
    }

    private static String controlToken(Map<String, String> environment) {
        var token = environment.getOrDefault("SIMULATOR_CONTROL_TOKEN", "");
        if (token.isEmpty()) {
            throw new IllegalArgumentException(
                    "SIMULATOR_CONTROL_TOKEN is missing: the control API needs a token.");
        }
        return token;
    }

    private static int port(String text) {
        try {
            var port = Integer.parseInt(text);
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IllegalArgumentException(
                "SIMULATOR_PORT must be a number from 0 to 65535, not '" + text + "'.");
    }
}
