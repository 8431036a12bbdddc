package dev.gesher.whatsapp.account;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AccountNews.Told;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.InboundSignal.News;
import dev.gesher.whatsapp.account.AccountStates.State;
import java.time.Instant;

/**
 * One piece of news about the account that the tenant is connected with.
 *
 * @param about the number it is about, where it is about one
 */
record Item(Tx tx, TenantId tenant, News news, Connection connection, String about, Instant now) {
    String waba() {
        return news.wabaId();
    }

    String number() {
        return connection.phoneNumberId().orElse("");
    }

    Instant at() {
        return news.at();
    }

    /**
     * Whether it was told after the connection's verification, which read back what was so then.
     */
    boolean isNewerThanTheConnection() {
        return connection.verifiedAt().filter(verified -> !at().isAfter(verified)).isEmpty();
    }

    State ofAccount(String kind, String value) {
        return State.of(waba(), kind, value, at());
    }

    State ofNumber(String kind, String value) {
        return State.of(number(), kind, value, at());
    }

    /** What every event of it says. */
    ObjectNode data() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("waba_id", waba())
                .put("told_at", at().toString());
    }

    ObjectNode numberData() {
        return data().put("phone_number_id", number());
    }

    Told told(String type, ObjectNode data) {
        return new Told(tenant, type, now, data);
    }
}
