package dev.gesher.simulator.graph;

import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.http.Answer.BreakOff;
import dev.gesher.simulator.http.Answer.HangUp;
import dev.gesher.simulator.http.Answer.Reply;
import dev.gesher.simulator.http.Call;
import dev.gesher.simulator.phone.Phones;
import dev.gesher.simulator.webhook.Webhooks;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.Faults;
import dev.gesher.simulator.world.World;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Takes Graph calls: applies the faults, finds the endpoint, answers refusals, keeps the log. */
public final class GraphApi {
    private static final String UNAVAILABLE_PAGE =
            "<!DOCTYPE html><html><head><title>Sorry, something went wrong.</title></head><body>Sorry, something"
                    + " went wrong.</body></html>";

    private final World world;
    private final OAuthEndpoints oauth;
    private final AppEndpoints apps;
    private final AccountEndpoints accounts;
    private final NumberEndpoints numbers;
    private final TemplateEndpoints templates;
    private final MediaEndpoints media;
    private final MessageEndpoint messages;

    /**
     * @param baseUrl the simulator's own address
     */
    public GraphApi(World world, Webhooks webhooks, Phones phones, String baseUrl) {
        this.world = world;
        var access = new Access(world);
        this.oauth = new OAuthEndpoints(world, access, webhooks);
        this.apps = new AppEndpoints(world, access);
        this.accounts = new AccountEndpoints(world, access, webhooks, baseUrl);
        this.numbers = new NumberEndpoints(world, access, webhooks);
        this.templates = new TemplateEndpoints(world, access, baseUrl);
        this.media = new MediaEndpoints(world, access, baseUrl);
        this.messages = new MessageEndpoint(world, access, phones);
    }

    /** Answers a call to the Graph API or a media address. */
    public Answer answer(Call raw) {
        var call = GraphCall.of(raw);
        var effect = world.faults().onCall(subject(call)).orElse(null);
        boolean silent = effect != null && effect.drop() == Drop.SILENT;
        if (effect != null && effect.delayMillis() > 0 && !silent) {
            hold(effect.delayMillis());
        }
        if (effect != null && effect.drop() == Drop.BEFORE) {
            return log(call, new HangUp(), false);
        }
        var injected = effect == null ? null : injected(effect);
        if (injected != null) {
            return log(call, injected, false);
        }
        var answer = withVersion(call, process(call));
        if (effect != null && (silent || effect.drop() == Drop.AFTER)) {
            if (silent) {
                hold(effect.delayMillis());
            }
            if (answer instanceof Reply lost) {
                lost.afterwards().run();
            }
            return log(call, new HangUp(), true);
        }
        if (effect != null && effect.drop() == Drop.MIDWAY && answer instanceof Reply reply) {
            return log(call, new BreakOff(reply), true);
        }
        return log(call, answer, true);
    }

    private static Faults.Subject subject(GraphCall call) {
        var json = call.json();
        var recipient =
                json == null
                        ? null
                        : json.hasNonNull("to")
                                ? json.get("to").asText()
                                : json.path("recipient").asText(null);
        var first = call.segments().isEmpty() ? null : call.segments().getFirst();
        return new Faults.Subject(call.method() + " " + call.call().path(), recipient, first);
    }

    private static void hold(long millis) {
        try {
            Thread.sleep(millis); // the injected delay itself, on this call's own virtual thread
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Answer injected(Effect effect) {
        var code = effect.code();
        var status = effect.httpStatus();
        var location = effect.location();
        if (location != null) {
            return Answer.of(
                    status == null ? 302 : status,
                    "text/html; charset=UTF-8",
                    new byte[0],
                    Map.of("Location", location));
        }
        if (code == null) {
            return status == null
                    ? null
                    : Answer.text(status, "text/html; charset=UTF-8", UNAVAILABLE_PAGE);
        }
        var details = effect.details() == null ? ErrorCatalogue.of(code).title() : effect.details();
        var refusal =
                status == null ? Refusal.of(code, details) : Refusal.of(code, status, details);
        return refusal.answer(world.ids().trace());
    }

    private Answer process(GraphCall call) {
        try {
            return dispatch(call);
        } catch (Refusal refusal) {
            return refusal.answer(world.ids().trace());
        }
    }

    private Answer dispatch(GraphCall call) {
        var path = call.segments();
        if (call.version() == null && path.size() == 2 && path.getFirst().equals("media")) {
            return media.download(call.call(), path.get(1));
        }
        return switch (path.size()) {
            case 1 -> node(call, path.getFirst());
            case 2 -> edge(call, path.getFirst(), path.get(1));
            default -> throw Refusal.unknownPath(call.call().path());
        };
    }

    private Answer node(GraphCall call, String id) {
        if (id.equals("debug_token") && call.method().equals("GET")) {
            return oauth.debug(call);
        }
        return switch (call.method()) {
            case "GET" -> read(call, id);
            case "POST" -> numbers.change(call, id);
            case "DELETE" -> media.delete(call, id);
            default -> throw Refusal.noSuchObject(call.method(), id);
        };
    }

    private Answer read(GraphCall call, String id) {
        if (world.accounts().number(id).isPresent()) {
            return numbers.read(call, id);
        }
        if (media.has(id)) {
            return media.read(call, id);
        }
        // An unknown id is refused by the account look-up, after the token was checked.
        return templates.read(call, id).orElseGet(() -> accounts.read(call, id));
    }

    private Answer edge(GraphCall call, String id, String edge) {
        return switch (call.method() + " " + edge) {
            case "GET access_token", "POST access_token" -> oauth(call, id, edge);
            case "GET revoke", "POST revoke" -> oauth(call, id, edge);
            case "GET subscriptions" -> apps.subscriptions(call, id);
            case "GET permissions" -> apps.permissions(call, id);
            case "POST messages" -> messages.post(call, id);
            case "POST media" -> media.upload(call, id);
            case "POST register" -> numbers.register(call, id);
            case "POST deregister" -> numbers.deregister(call, id);
            case "POST smb_app_data" -> numbers.syncApp(call, id);
            case "GET phone_numbers" -> accounts.phoneNumbers(call, id);
            case "GET subscribed_apps" -> accounts.subscriptions(call, id);
            case "POST subscribed_apps" -> accounts.subscribe(call, id);
            case "DELETE subscribed_apps" -> accounts.unsubscribe(call, id);
            case "GET message_templates" -> templates.list(call, id);
            default -> throw Refusal.unknownPath("/" + edge);
        };
    }

    private Answer oauth(GraphCall call, String first, String edge) {
        if (!first.equals("oauth")) {
            throw Refusal.unknownPath("/" + edge);
        }
        return edge.equals("revoke") ? oauth.revoke(call) : oauth.exchange(call);
    }

    private static Answer withVersion(GraphCall call, Answer answer) {
        if (!(answer instanceof Reply reply)) {
            return answer;
        }
        Map<String, String> headers = new TreeMap<>(reply.headers());
        headers.put("facebook-api-version", call.version() == null ? "v21.0" : call.version());
        return new Reply(reply.status(), Map.copyOf(headers), reply.body(), reply.afterwards());
    }

    private Answer log(GraphCall call, Answer answer, boolean processed) {
        Map<String, String> query = new TreeMap<>(call.call().query());
        query.remove("access_token");
        var binary = call.multipart() != null;
        world.calls()
                .add(
                        world.clock().instant(),
                        call.method(),
                        call.call().path(),
                        call.version(),
                        query,
                        call.token().orElse(null),
                        binary ? "(" + call.call().body().length + " bytes)" : call.call().text(),
                        answer instanceof Reply reply ? reply.status() : 0,
                        processed,
                        answer instanceof Reply reply ? told(reply) : "");
        return answer;
    }

    /** The answer's JSON; other bodies are left out. */
    private static String told(Reply reply) {
        return reply.headers().getOrDefault("Content-Type", "").startsWith("application/json")
                ? reply.text()
                : "";
    }
}
