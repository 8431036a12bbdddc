package dev.gesher.conversation.media;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MediaView;
import dev.gesher.conversation.MediaView.State;
import dev.gesher.whatsapp.InboundSignal;
import java.util.Locale;

/** What events tell of a file. */
public final class MediaData {
    private MediaData() {}

    /** Of one that was just noted. */
    public static ObjectNode json(MediaId id, InboundSignal.Media media) {
        var node = JsonNodeFactory.instance.objectNode();
        node.put("media_id", id.toString());
        node.put("state", name(State.PENDING));
        media.mimeType().ifPresent(value -> node.put("mime_type", value));
        media.filename().ifPresent(value -> node.put("filename", value));
        return node;
    }

    static ObjectNode json(MediaView view) {
        var node = JsonNodeFactory.instance.objectNode();
        node.put("media_id", view.id().toString());
        node.put("state", name(view.state()));
        node.put("type", view.type());
        view.cause().ifPresent(value -> node.put("cause", value));
        view.lastError().ifPresent(value -> node.put("last_error", value));
        view.mimeType().ifPresent(value -> node.put("mime_type", value));
        view.detectedMimeType()
                .ifPresent(value -> {
                    node.put("detected_mime_type", value);
                    node.put("type_mismatch", view.typeMismatch());
                });
        view.bytes().ifPresent(value -> node.put("size", value));
        view.filename().ifPresent(value -> node.put("filename", value));
        return node;
    }

    private static String name(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
