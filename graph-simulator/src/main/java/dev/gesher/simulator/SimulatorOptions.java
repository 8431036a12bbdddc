package dev.gesher.simulator;

import java.time.Clock;
import org.jspecify.annotations.Nullable;

/**
 * How a simulator starts.
 *
 * @param port 0 takes a free one
 * @param appId our Meta app's id
 * @param appSecret signs webhooks and checks {@code appsecret_proof}
 * @param configId the Embedded Signup login configuration the dialog accepts
 * @param verifyToken what the webhook handshake brings
 * @param webhookUrl the app's callback; may be set later
 * @param controlToken what the control API wants as bearer token
 * @param clock everything that has a date or runs out goes by it
 * @param seed of ids, codes and tokens; a fixed one repeats them, so two simulators that one
 *     database meets need two
 */
public record SimulatorOptions(
        int port,
        String appId,
        String appSecret,
        String configId,
        String verifyToken,
        @Nullable String webhookUrl,
        String controlToken,
        Clock clock,
        long seed) {

    /**
     * Options for a test: a free port, fixed app data, the system clock, a random seed, no webhook
     * yet.
     */
    public static SimulatorOptions forTests() {
        return new SimulatorOptions(
                0,
                "670843887433847",
                "9f4c1e0d5b2a48c7a1d3e6f708192a3b",
                "541276300912345",
                "simulated-verify-token",
                null,
                "simulated-control-token",
                Clock.systemUTC(),
                new java.security.SecureRandom().nextLong());
    }

    public SimulatorOptions withPort(int value) {
        return new SimulatorOptions(
                value,
                appId,
                appSecret,
                configId,
                verifyToken,
                webhookUrl,
                controlToken,
                clock,
                seed);
    }

    public SimulatorOptions withApp(String id, String secret) {
        return new SimulatorOptions(
                port, id, secret, configId, verifyToken, webhookUrl, controlToken, clock, seed);
    }

    public SimulatorOptions withConfigId(String value) {
        return new SimulatorOptions(
                port, appId, appSecret, value, verifyToken, webhookUrl, controlToken, clock, seed);
    }

    public SimulatorOptions withVerifyToken(String value) {
        return new SimulatorOptions(
                port, appId, appSecret, configId, value, webhookUrl, controlToken, clock, seed);
    }

    public SimulatorOptions withWebhookUrl(@Nullable String value) {
        return new SimulatorOptions(
                port, appId, appSecret, configId, verifyToken, value, controlToken, clock, seed);
    }

    public SimulatorOptions withControlToken(String value) {
        return new SimulatorOptions(
                port, appId, appSecret, configId, verifyToken, webhookUrl, value, clock, seed);
    }

    public SimulatorOptions withClock(Clock value) {
        return new SimulatorOptions(
                port,
                appId,
                appSecret,
                configId,
                verifyToken,
                webhookUrl,
                controlToken,
                value,
                seed);
    }

    public SimulatorOptions withSeed(long value) {
        return new SimulatorOptions(
                port,
                appId,
                appSecret,
                configId,
                verifyToken,
                webhookUrl,
                controlToken,
                clock,
                value);
    }

    @Override
    public String toString() {
        return "SimulatorOptions[port=" + port + ", appId=" + appId + "]";
    }
}
