package dev.gesher.simulator.world;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A message that a business sent or a customer wrote. Guarded by itself. */
public final class Message {
    private final long seq;
    private final String wamid;
    private final String phoneNumberId;
    private final Customer customer;
    private final boolean outbound;
    private final String type;
    private final JsonNode content;
    private final String text;
    private final String category;
    private final @Nullable String callbackData;
    private final Instant at;
    private final List<String> statuses = new ArrayList<>();

    Message(
            long seq,
            String wamid,
            String phoneNumberId,
            Customer customer,
            boolean outbound,
            Draft draft,
            Instant at) {
        this.seq = seq;
        this.wamid = wamid;
        this.phoneNumberId = phoneNumberId;
        this.customer = customer;
        this.outbound = outbound;
        this.type = draft.type();
        this.content = draft.content();
        this.text = draft.text();
        this.category = draft.category();
        this.callbackData = draft.callbackData();
        this.at = at;
    }

    /**
     * What a message says, before it has an id.
     *
     * @param content the body as sent (outbound) or as the webhook shows it (inbound)
     * @param text what a person would read on the phone, the variables of a template filled in
     * @param category the price category: service, or the template's in lower case
     * @param callbackData {@code biz_opaque_callback_data}
     */
    public record Draft(
            String type,
            JsonNode content,
            String text,
            String category,
            @Nullable String callbackData) {}

    /**
     * A message as tests and the phone's screen see it.
     *
     * @param seq acceptance order over all numbers
     * @param to the customer's number, absent when only a user id is known
     * @param statuses the statuses so far, in order; {@code received} for an inbound message
     */
    public record View(
            long seq,
            String wamid,
            String direction,
            String phoneNumberId,
            String customer,
            @Nullable String to,
            String type,
            String text,
            @Nullable String bizOpaqueCallbackData,
            Instant at,
            List<String> statuses,
            JsonNode content) {}

    public String wamid() {
        return wamid;
    }

    public String phoneNumberId() {
        return phoneNumberId;
    }

    public Customer customer() {
        return customer;
    }

    public boolean outbound() {
        return outbound;
    }

    public String type() {
        return type;
    }

    public String category() {
        return category;
    }

    public @Nullable String callbackData() {
        return callbackData;
    }

    public Instant at() {
        return at;
    }

    /** Records a status; false when the message had it already. */
    public synchronized boolean mark(String status) {
        return !statuses.contains(status) && statuses.add(status);
    }

    public synchronized boolean has(String status) {
        return statuses.contains(status);
    }

    public synchronized View view() {
        return new View(
                seq,
                wamid,
                outbound ? "outbound" : "inbound",
                phoneNumberId,
                customer.address(),
                customer.phone(),
                type,
                text,
                callbackData,
                at,
                List.copyOf(statuses),
                content);
    }
}
