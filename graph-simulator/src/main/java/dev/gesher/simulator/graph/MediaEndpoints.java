package dev.gesher.simulator.graph;

import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.http.Call;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.world.AccessToken;
import dev.gesher.simulator.world.MediaStore.Media;
import dev.gesher.simulator.world.World;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;

/** Upload, look-up, download and deletion of media. */
final class MediaEndpoints {
    private static final int MEGABYTE = 1024 * 1024;
    private static final Map<String, Integer> LIMITS =
            Map.ofEntries(
                    Map.entry("audio/aac", 16 * MEGABYTE),
                    Map.entry("audio/amr", 16 * MEGABYTE),
                    Map.entry("audio/mpeg", 16 * MEGABYTE),
                    Map.entry("audio/mp4", 16 * MEGABYTE),
                    Map.entry("audio/ogg", 16 * MEGABYTE),
                    Map.entry("image/jpeg", 5 * MEGABYTE),
                    Map.entry("image/png", 5 * MEGABYTE),
                    Map.entry("image/webp", MEGABYTE / 2),
                    Map.entry("video/mp4", 16 * MEGABYTE),
                    Map.entry("video/3gpp", 16 * MEGABYTE),
                    Map.entry("text/plain", 100 * MEGABYTE),
                    Map.entry("application/pdf", 100 * MEGABYTE),
                    Map.entry("application/msword", 100 * MEGABYTE),
                    Map.entry("application/vnd.ms-excel", 100 * MEGABYTE),
                    Map.entry("application/vnd.ms-powerpoint", 100 * MEGABYTE),
                    Map.entry(
                            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                            100 * MEGABYTE),
                    Map.entry(
                            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                            100 * MEGABYTE),
                    Map.entry(
                            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                            100 * MEGABYTE));

    private final World world;
    private final Access access;
    private final String baseUrl;

    MediaEndpoints(World world, Access access, String baseUrl) {
        this.world = world;
        this.access = access;
        this.baseUrl = baseUrl;
    }

    Answer upload(GraphCall call, String phoneNumberId) {
        var number = access.sender(call, phoneNumberId);
        if (!call.parameter("messaging_product").orElse("").equals("whatsapp")) {
            throw Refusal.parameter("The parameter messaging_product is required.");
        }
        var parts = call.multipart();
        var file = parts == null ? null : parts.part("file").orElse(null);
        if (file == null) {
            throw Refusal.parameter("The parameter file is required.");
        }
        var told =
                file.contentType() == null ? call.parameter("type").orElse("") : file.contentType();
        var mime = told.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
        var limit = LIMITS.get(mime);
        if (limit == null) {
            throw Refusal.parameter(
                    "Param file must be a file with one of the following types: "
                            + String.join(", ", LIMITS.keySet().stream().sorted().toList())
                            + ". Received file of type '"
                            + mime
                            + "'.");
        }
        if (file.content().length > limit) {
            throw Refusal.of(
                    131053, "The file is larger than the " + limit + " bytes this type may have.");
        }
        var media = world.media().upload(number.id(), mime, file.content());
        return Answer.json(200, Json.object().put("id", media.id()));
    }

    boolean has(String id) {
        return world.media().find(id).isPresent();
    }

    Answer read(GraphCall call, String id) {
        var media = visible(call, access.token(call), id);
        var node = Json.object().put("messaging_product", "whatsapp");
        node.put("url", baseUrl + world.media().link(media));
        node.put("mime_type", media.mimeType());
        node.put("sha256", HexFormat.of().formatHex(media.sha256()));
        node.put("file_size", media.content().length);
        node.put("id", media.id());
        return Answer.json(200, node);
    }

    Answer delete(GraphCall call, String id) {
        world.media().delete(visible(call, access.token(call), id).id());
        return NumberEndpoints.success();
    }

    private Media visible(GraphCall call, AccessToken token, String id) {
        var media =
                world.media().find(id).orElseThrow(() -> Refusal.noSuchObject(call.method(), id));
        var owner = world.accounts().number(media.phoneNumberId());
        if (owner.isEmpty()
                || !call.parameter("phone_number_id")
                        .orElse(media.phoneNumberId())
                        .equals(media.phoneNumberId())) {
            throw Refusal.noSuchObject(call.method(), id);
        }
        access.visible(
                call, token, world.accounts().wabaOf(owner.get()), id, AccessToken.MESSAGING);
        return media;
    }

    /**
     * {@code GET /media/…}: the bytes, to whoever may see the media object, while the address
     * lives.
     */
    Answer download(Call call, String key) {
        var graphCall = GraphCall.of(call);
        var media = world.media().byLink(key);
        if (media.isEmpty()) {
            return Answer.text(404, "text/plain", "Not found");
        }
        visible(graphCall, access.bearer(graphCall), media.get().id());
        return Answer.of(200, media.get().mimeType(), media.get().content(), Map.of());
    }
}
