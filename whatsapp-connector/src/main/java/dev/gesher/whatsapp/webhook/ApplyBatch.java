package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.webhook.ApplyBatch.Item;
import dev.gesher.whatsapp.webhook.ApplyBatch.Outcome;
import dev.gesher.whatsapp.webhook.ChangeRows.Change;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import dev.gesher.whatsapp.webhook.Plans.Plan;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Applies changes of several buckets and tenants in one transaction. Each is applied only while its
 * bucket is held; one that was applied before is left as it is, so that a batch whose commit was in
 * doubt may be run again.
 */
final class ApplyBatch implements BatchWriter.Batch<Item, Outcome> {
    private final Leases leases;
    private final InboundListener listener;
    private final Clock clock;

    ApplyBatch(Leases leases, InboundListener listener, Clock clock) {
        this.leases = leases;
        this.listener = listener;
        this.clock = clock;
    }

    /** What is to be done with a change, and the lease of its bucket. */
    record Item(Plan plan, Lease lease) {}

    /** What came of it. */
    enum Outcome {
        /** It is where its plan says. */
        DONE,

        /** Somebody else has the bucket. */
        LOST,

        /** Somebody bound the number since it was planned. */
        PLAN_AGAIN
    }

    @Override
    public Set<TenantId> tenants(Item item) {
        return item.plan().tenants();
    }

    @Override
    public long bytes(Item item) {
        return item.plan().change().payload().length;
    }

    @Override
    public List<Outcome> write(Tx tx, List<Item> items) throws SQLException {
        var held = leases.held(tx, items.stream().map(Item::lease).collect(Collectors.toSet()));
        var ours = items.stream().filter(item -> held.contains(item.lease())).toList();
        var outdated = outdated(tx, ours.stream().map(Item::plan).toList());
        var plans = ours.stream().map(Item::plan).filter(plan -> !outdated.contains(plan)).toList();
        var pending =
                ChangeRows.settle(tx, plans.stream().map(Plan::settled).toList(), clock.instant());
        var received =
                plans.stream()
                        .filter(plan -> pending.contains(plan.change().place()))
                        .flatMap(plan -> plan.received().stream())
                        .toList();
        if (!received.isEmpty()) {
            listener.apply(tx, received);
        }
        return items.stream()
                .map(item -> {
                    if (!held.contains(item.lease())) {
                        return Outcome.LOST;
                    }
                    return outdated.contains(item.plan()) ? Outcome.PLAN_AGAIN : Outcome.DONE;
                })
                .toList();
    }

    /**
     * A number may be bound just while a change of it or its account is being parked, or dropped as
     * another number's: whoever binds it looks for such changes under the same lock, so that one of
     * the two sees the other.
     */
    private static Set<Plan> outdated(Tx tx, List<Plan> plans) throws SQLException {
        var aside =
                plans.stream()
                        .filter(plan ->
                                plan.settled().state() == State.PARKED
                                        || plan.settled().state() == State.DROPPED)
                        .toList();
        if (aside.isEmpty()) {
            return Set.of();
        }
        var changes = aside.stream().map(Plan::change).toList();
        ParkingLocks.take(tx, numbers(changes), accounts(changes));
        var bindings = bindings(tx, changes);
        return aside.stream()
                .filter(plan ->
                        !bindings.about(plan.change().phoneNumberId(), plan.change().wabaId())
                                .equals(plan.bindings()))
                .collect(Collectors.toSet());
    }

    /** Who holds or held the numbers and WABAs of {@code changes}. */
    static Bindings bindings(Tx tx, Collection<Change> changes) throws SQLException {
        return Bindings.read(
                tx,
                numbers(changes),
                changes.stream()
                        .map(Change::wabaId)
                        .filter(Objects::nonNull)
                        .collect(Collectors.toSet()));
    }

    /** Those that changes are found by, since they name no number. */
    private static Set<String> accounts(Collection<Change> changes) {
        return changes.stream()
                .filter(change -> change.phoneNumberId() == null)
                .map(Change::wabaId)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }

    private static Set<String> numbers(Collection<Change> changes) {
        return changes.stream()
                .map(Change::phoneNumberId)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }
}
