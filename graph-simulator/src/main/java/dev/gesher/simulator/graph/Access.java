package dev.gesher.simulator.graph;

import dev.gesher.simulator.webhook.Signature;
import dev.gesher.simulator.world.AccessToken;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.Tokens.Check;
import dev.gesher.simulator.world.Waba;
import dev.gesher.simulator.world.World;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Who calls, and what they may touch. */
final class Access {
    private static final DateTimeFormatter META_TIME =
            DateTimeFormatter.ofPattern("EEEE, dd-MMM-yy HH:mm:ss", Locale.US)
                    .withZone(ZoneOffset.UTC);

    private final World world;

    Access(World world) {
        this.world = world;
    }

    /** The business or system-user token of a call; anything else is refused with 104 or 190. */
    AccessToken token(GraphCall call) {
        proof(call, call.token().orElseThrow(Refusal::noToken));
        return bearer(call);
    }

    /** The same where no proof is asked for: files are no part of the Graph API. */
    AccessToken bearer(GraphCall call) {
        var value = call.token().orElseThrow(Refusal::noToken);
        return switch (world.tokens().check(value)) {
            case Check.Valid(var token) -> token;
            case Check.Expired(var at) ->
                    throw Refusal.token(
                            "Error validating access token: Session has expired on "
                                    + META_TIME.format(at)
                                    + " UTC. The current time is "
                                    + META_TIME.format(world.clock().instant())
                                    + " UTC.",
                            463);
            case Check.Revoked() ->
                    throw Refusal.token(
                            "Error validating access token: The user has not authorized application "
                                    + world.app().id()
                                    + ".",
                            458);
            case Check.Unknown() ->
                    throw Refusal.token(
                            "Invalid OAuth access token - Cannot parse access token", null);
        };
    }

    /** True when the call comes with our app's own token, {@code id|secret}. */
    boolean byApp(GraphCall call) {
        var given = call.token().orElseThrow(Refusal::noToken);
        return same(given, world.app().token());
    }

    private void proof(GraphCall call, String token) {
        var given = call.parameter("appsecret_proof");
        if (given.isEmpty()) {
            if (world.quirks().requireAppSecretProof()) {
                throw Refusal.proof(
                        "API calls from the server require an appsecret_proof argument");
            }
            return;
        }
        var right = Signature.hex(world.app().secret(), token.getBytes(StandardCharsets.UTF_8));
        if (!same(given.get(), right)) {
            throw Refusal.proof("Invalid appsecret_proof provided in the API argument");
        }
    }

    static boolean same(String a, String b) {
        return MessageDigest.isEqual(
                a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }

    Waba waba(GraphCall call, String id) {
        var token = token(call);
        var waba =
                world.accounts()
                        .waba(id)
                        .orElseThrow(() -> Refusal.noSuchObject(call.method(), id));
        return visible(call, token, waba, id, AccessToken.MANAGEMENT);
    }

    /** The number for a management call. */
    BusinessNumber number(GraphCall call, String id) {
        return number(call, id, AccessToken.MANAGEMENT);
    }

    /** The number for messages and media. */
    BusinessNumber sender(GraphCall call, String id) {
        return number(call, id, AccessToken.MESSAGING);
    }

    private BusinessNumber number(GraphCall call, String id, String scope) {
        var token = token(call);
        var number =
                world.accounts()
                        .number(id)
                        .orElseThrow(() -> Refusal.noSuchObject(call.method(), id));
        visible(call, token, world.accounts().wabaOf(number), id, scope);
        return number;
    }

    Waba visible(GraphCall call, AccessToken token, Waba waba, String id, String scope) {
        if (!world.tokens().targets(token).contains(waba.id())) {
            throw Refusal.noSuchObject(call.method(), id);
        }
        if (!token.scopes().contains(scope)) {
            throw scope.equals(AccessToken.MESSAGING)
                    ? Refusal.of(131005, "The token lacks the permission " + scope + ".")
                    : Refusal.of(10, "The token lacks the permission " + scope + ".");
        }
        return waba;
    }
}
