package dev.gesher.simulator.webhook;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.gesher.simulator.json.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts changes into Meta's envelope, one entry per account. */
final class Envelope {
    private Envelope() {}

    static byte[] of(List<Change> changes, Instant now) {
        var root = Json.object().put("object", "whatsapp_business_account");
        var entries = root.putArray("entry");
        Map<String, ArrayNode> byAccount = new LinkedHashMap<>();
        for (var change : changes) {
            var list =
                    byAccount.computeIfAbsent(
                            change.entryId(),
                            id -> {
                                var entry = entries.addObject().put("id", id);
                                // Message webhooks carry no time in their entry, all others do.
                                if (!change.field().equals("messages")) {
                                    entry.put("time", now.getEpochSecond());
                                }
                                return entry.putArray("changes");
                            });
            list.addObject().put("field", change.field()).set("value", change.value());
        }
        return Json.write(root);
    }
}
