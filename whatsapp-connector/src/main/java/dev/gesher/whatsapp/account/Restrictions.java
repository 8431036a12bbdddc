package dev.gesher.whatsapp.account;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AccountFact.Restriction;
import dev.gesher.whatsapp.AccountNews.Told;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.account.AccountStates.Ended;
import dev.gesher.whatsapp.account.AccountStates.State;
import io.micronaut.context.BeanProvider;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/** What Meta does not let accounts send, each until its time or for good. */
@Singleton
final class Restrictions implements Timers.Handler {
    private static final String TIMER = "account_restriction";

    private final Timers timers;
    private final Clock clock;
    private final BeanProvider<Connections.Listener> listeners;

    Restrictions(Timers timers, Clock clock, BeanProvider<Connections.Listener> listeners) {
        this.timers = timers;
        this.clock = clock;
        this.listeners = listeners;
    }

    Done apply(Item item, List<Restriction> told) throws SQLException {
        if (AccountStates.isReinstatedAfter(item.tx(), item.tenant(), item.waba(), item.at())) {
            return Done.OUTDATED;
        }
        var events = new ArrayList<Told>();
        boolean any = false;
        for (var one : told.stream().sorted(Comparator.comparing(Restriction::type)).toList()) {
            var until = one.until().orElse(null);
            var state =
                    new State(
                            item.waba(),
                            AccountStates.RESTRICTION + one.type(),
                            AccountStates.RESTRICTED,
                            null,
                            item.at(),
                            until);
            if (AccountStates.put(item.tx(), item.tenant(), state).isPresent()) {
                any = true;
                var data = item.data().put("restriction", one.type());
                if (until != null) {
                    data.put("until", until.toString());
                }
                events.add(item.told("connection.restricted", data));
            }
        }
        setTimer(item.tx(), item.tenant());
        return any ? Done.of(events) : Done.OUTDATED;
    }

    /** Meta has reinstated the account. */
    List<Told> lift(Item item) throws SQLException {
        var lifted = AccountStates.lift(item.tx(), item.tenant(), item.waba(), item.at());
        return lifted.stream().map(ended -> lifted(item.tenant(), ended, item.now())).toList();
    }

    private void setTimer(Tx tx, TenantId tenant) throws SQLException {
        var next = AccountStates.nextEnd(tx, tenant);
        if (next.isPresent()) {
            timers.set(tx, TIMER, tenant, tenant.value(), next.get());
        }
    }

    private static Told lifted(TenantId tenant, Ended ended, Instant now) {
        var data = JsonNodeFactory.instance.objectNode();
        data.put("waba_id", ended.subject()).put("restriction", ended.type());
        return new Told(tenant, "connection.restriction_lifted", now, data);
    }

    @Override
    public String kind() {
        return TIMER;
    }

    @Override
    public void due(Tx tx, TenantId tenant, UUID object) throws SQLException {
        var now = clock.instant();
        var ended = AccountStates.ended(tx, tenant, now);
        setTimer(tx, tenant);
        for (var one : ended) {
            for (var listener : listeners) {
                listener.told(tx, lifted(tenant, one, now));
            }
        }
    }
}
