package dev.gesher.conversation.contact;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.conversation.event.NewEvent;
import java.time.Instant;
import java.util.Optional;

/** Tells the tenant's app of windows that open and close. */
public final class WindowEvents {
    private WindowEvents() {}

    /** The event of a window that changed from {@code before}, if that opened or closed it. */
    public static Optional<NewEvent> of(Optional<Window> before, Conversation after, Instant now) {
        var window = after.window().orElseThrow();
        boolean wasOpen = before.filter(w -> w.isOpen(window.phoneNumberId(), now)).isPresent();
        boolean isOpen = window.isOpen(window.phoneNumberId(), now);
        if (wasOpen == isOpen) {
            return Optional.empty();
        }
        var data = JsonNodeFactory.instance.objectNode();
        data.put("conversation_id", after.id().toString());
        data.put("window_opened_at", window.openedAt().toString());
        data.put("window_expires_at", window.expiresAt().toString());
        return Optional.of(
                new NewEvent(
                        after.tenant(),
                        isOpen ? "conversation.window_opened" : "conversation.window_closed",
                        now,
                        Optional.of(after.id()),
                        data));
    }
}
