package dev.gesher.conversation.inbound;

import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.outbound.AccountChanges;
import dev.gesher.conversation.outbound.Lanes;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.InboundSignal;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Applies what webhooks told. Locks in the order of all who write these rows: lanes, addresses and
 * conversations, messages, counters.
 */
@Singleton
final class InboundChanges implements InboundListener {
    private final CustomerMessages messages;
    private final StatusReports statuses;
    private final People people;
    private final Amendments amendments;
    private final AccountChanges accounts;
    private final EventLog events;

    InboundChanges(
            CustomerMessages messages,
            StatusReports statuses,
            People people,
            Amendments amendments,
            AccountChanges accounts,
            EventLog events) {
        this.messages = messages;
        this.statuses = statuses;
        this.people = people;
        this.amendments = amendments;
        this.accounts = accounts;
        this.events = events;
    }

    @Override
    public void apply(Tx tx, List<Received> signals) throws SQLException {
        if (signals.isEmpty()) {
            return;
        }
        Lanes.lock(tx, signals.stream().map(Received::phoneNumberId).distinct().toList());
        var written = new ArrayList<Received>();
        var reported = new ArrayList<Received>();
        var amended = new ArrayList<Received>();
        var ofPeople = new ArrayList<Received>();
        var news = new ArrayList<Received>();
        for (var signal : signals) {
            switch (signal.signal()) {
                case InboundSignal.Message _, InboundSignal.CustomerChanged _ ->
                        written.add(signal);
                case InboundSignal.StatusUpdate _ -> reported.add(signal);
                case InboundSignal.Edit _, InboundSignal.Revoke _ -> amended.add(signal);
                case InboundSignal.AppContact _, InboundSignal.Preference _ -> ofPeople.add(signal);
                case InboundSignal.News _ -> news.add(signal);
            }
        }
        var told = new ArrayList<NewEvent>();
        told.addAll(accounts.apply(tx, news));
        // Conversations are locked before messages, so what closes windows is found out first.
        var reports = statuses.find(tx, reported);
        var met = new ArrayList<>(reports.recipients());
        var ofKnown = people.told(ofPeople);
        ofKnown.forEach(each -> met.add(each.customer()));
        var applied = messages.apply(tx, written, met, reports.conversations(), told);
        told.addAll(people.apply(tx, ofKnown, applied.people(), reports.refused()));
        told.addAll(statuses.apply(tx, reports, applied.appeared()));
        told.addAll(amendments.apply(tx, amended, applied.amended()));
        events.append(tx, told);
    }
}
