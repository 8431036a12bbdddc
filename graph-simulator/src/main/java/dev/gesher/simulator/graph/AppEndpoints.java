package dev.gesher.simulator.graph;

import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.world.World;

/** The app itself: what it is subscribed to and what it was approved for. */
final class AppEndpoints {
    private final World world;
    private final Access access;

    AppEndpoints(World world, Access access) {
        this.world = world;
        this.access = access;
    }

    /** {@code GET /{APP}/subscriptions}: the callback and fields of each object. */
    Answer subscriptions(GraphCall call, String id) {
        checkApp(call, id);
        var root = Json.object();
        var data = root.putArray("data");
        var url = world.webhookUrl();
        if (url != null) {
            var account = data.addObject();
            account.put("object", "whatsapp_business_account");
            account.put("callback_url", url);
            account.put("active", true);
            var fields = account.putArray("fields");
            for (var field : world.appFields()) {
                fields.addObject().put("name", field).put("version", "v21.0");
            }
        }
        return Answer.json(200, root);
    }

    /** {@code GET /{APP}/permissions}: what the app was approved for. */
    Answer permissions(GraphCall call, String id) {
        checkApp(call, id);
        var root = Json.object();
        var data = root.putArray("data");
        for (var permission : world.appPermissions()) {
            data.addObject().put("permission", permission).put("status", "live");
        }
        return Answer.json(200, root);
    }

    private void checkApp(GraphCall call, String id) {
        if (!access.byApp(call)) {
            throw Refusal.token("Invalid OAuth access token signature.", null);
        }
        if (!id.equals(world.app().id())) {
            throw Refusal.noSuchObject(call.method(), id);
        }
    }
}
