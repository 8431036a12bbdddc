package dev.gesher.conversation.outbound;

import dev.gesher.conversation.Reason;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AccountNews;
import dev.gesher.whatsapp.InboundListener.Received;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Has news of accounts applied, and lets go what waited for the end of a restriction. */
@Singleton
public final class AccountChanges {
    private static final String LIFTED = "connection.restriction_lifted";

    private final AccountNews accounts;
    private final LaneSignals signals;
    private final Clock clock;

    AccountChanges(AccountNews accounts, LaneSignals signals, Clock clock) {
        this.accounts = accounts;
        this.signals = signals;
        this.clock = clock;
    }

    /** Applies news in a transaction that holds the lanes of their numbers. */
    public List<NewEvent> apply(Tx tx, List<Received> news) throws SQLException {
        var told = accounts.apply(tx, news);
        var lifted =
                told.stream()
                        .filter(one -> one.type().equals(LIFTED))
                        .map(AccountNews.Told::tenant)
                        .distinct()
                        .toList();
        if (!lifted.isEmpty()) {
            judgeAgain(tx, lifted);
        }
        return told.stream().map(NewEvent::of).toList();
    }

    private void judgeAgain(Tx tx, List<TenantId> tenants) throws SQLException {
        var now = clock.instant();
        var lanes = new HashMap<String, Lanes.Due>();
        for (var lane :
                tx.query(
                        """
                        UPDATE whatsapp_messages SET not_before = ?
                        WHERE tenant_id = ANY (?) AND stage = 'deferred' AND reasons && ? AND not_before > ?
                        RETURNING tenant_id, phone_number_id
                        """,
                        row -> Map.entry(row.text("phone_number_id"), row.tenant()),
                        now,
                        Tx.tenants(tenants),
                        Tx.texts(
                                List.of(
                                        Reason.TEMPLATES_RESTRICTED.code(),
                                        Reason.UTILITY_TEMPLATES_RESTRICTED.code())),
                        now)) {
            lanes.put(lane.getKey(), new Lanes.Due(lane.getValue(), now));
        }
        var _ = Lanes.due(tx, lanes);
        signals.afterCommit(tx, lanes.keySet());
    }
}
