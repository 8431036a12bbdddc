package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits for one writer, by tenant, and what of it forms the next batch: tenants take turns, so
 * that a tenant with much to write delays nobody who has little.
 */
final class WaitingQueue<I, O> {
    /** The most items of one tenant in a transaction while other tenants wait. */
    static final int MAX_ITEMS_OF_ONE = 50;

    /** About the most bytes of one transaction, unless a single item is larger. */
    static final long MAX_BYTES = 8L << 20;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();

    /** In the order of turns: who was served last stands last. */
    private final LinkedHashMap<TenantId, ArrayDeque<Waiting<I, O>>> byTenant =
            new LinkedHashMap<>();

    /** Tenants set aside since one of their rows is locked, with what waits for them. */
    private final Map<TenantId, ArrayDeque<Waiting<I, O>>> aside = new HashMap<>();

    private final int maxItems;
    private boolean closed;

    /**
     * An empty queue.
     *
     * @param maxItems the most items of one transaction
     */
    WaitingQueue(int maxItems) {
        this.maxItems = maxItems;
    }

    /** Adds an item; false if the queue is closed. */
    boolean add(Waiting<I, O> waiting) {
        return addAll(List.of(waiting));
    }

    /** Adds items that the next batch may take together; false if the queue is closed. */
    boolean addAll(List<Waiting<I, O>> some) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            for (var waiting : some) {
                var blocked = aside.get(waiting.key());
                var queue =
                        blocked != null
                                ? blocked
                                : byTenant.computeIfAbsent(
                                        waiting.key(), ignored -> new ArrayDeque<>());
                queue.add(waiting);
            }
            arrived.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The next batch as soon as anything waits; null when the queue is closed and empty. */
    @Nullable List<Waiting<I, O>> take() {
        lock.lock();
        try {
            while (byTenant.isEmpty()) {
                if (closed) {
                    return null;
                }
                arrived.awaitUninterruptibly();
            }
            return drain();
        } finally {
            lock.unlock();
        }
    }

    /** All that waits now, but for what is set aside. */
    List<Waiting<I, O>> takeAll() {
        lock.lock();
        try {
            var all = byTenant.values().stream().flatMap(ArrayDeque::stream).toList();
            byTenant.clear();
            return all;
        } finally {
            lock.unlock();
        }
    }

    private List<Waiting<I, O>> drain() {
        int ofOne = byTenant.size() > 1 ? MAX_ITEMS_OF_ONE : maxItems;
        var batch = new Gathering<I, O>(maxItems);
        for (var key : List.copyOf(byTenant.keySet())) {
            var queue = byTenant.remove(key);
            if (queue == null) {
                throw new AssertionError("a tenant vanished from the queue");
            }
            int before = queue.size();
            boolean full = batch.fill(queue, ofOne);
            if (queue.size() == before) {
                byTenant.putFirst(key, queue); // its turn was not used up
            } else if (!queue.isEmpty()) {
                byTenant.put(key, queue);
            }
            if (full) {
                break;
            }
        }
        return batch.items;
    }

    /**
     * Sets a tenant aside: {@code first} and all else of it waits for {@link #takeAside}. Returns
     * whether the tenant was not aside before, so that someone must see to it.
     */
    boolean setAside(TenantId key, Collection<Waiting<I, O>> first) {
        lock.lock();
        try {
            var before = aside.get(key);
            var queue = before == null ? new ArrayDeque<Waiting<I, O>>() : before;
            queue.addAll(first);
            var rest = byTenant.remove(key);
            if (rest != null) {
                queue.addAll(rest);
            }
            aside.put(key, queue);
            return before == null;
        } finally {
            lock.unlock();
        }
    }

    /** The next batch of a tenant that was set aside; empty when there is none and it is back. */
    List<Waiting<I, O>> takeAside(TenantId key) {
        lock.lock();
        try {
            var batch = new Gathering<I, O>(maxItems);
            var queue = aside.get(key);
            if (queue != null) {
                batch.fill(queue, maxItems);
                if (batch.items.isEmpty()) {
                    aside.remove(key);
                }
            }
            return batch.items;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** A batch while it is being put together. */
    private static final class Gathering<I, O> {
        final List<Waiting<I, O>> items = new ArrayList<>();
        private final HashSet<TenantId> tenants = new HashSet<>();
        private final int maxItems;
        private long bytes;

        Gathering(int maxItems) {
            this.maxItems = maxItems;
        }

        /**
         * Moves at most {@code most} items of a queue into the batch; returns whether it is full.
         */
        boolean fill(ArrayDeque<Waiting<I, O>> queue, int most) {
            for (int n = 0; n < most; n++) {
                var next = queue.peek();
                if (next == null) {
                    return false;
                }
                if (!fits(next)) {
                    return true;
                }
                items.add(queue.remove());
                tenants.addAll(next.tenants());
                bytes += next.bytes();
            }
            return false;
        }

        private boolean fits(Waiting<I, O> next) {
            if (items.isEmpty()) {
                return true;
            }
            long fresh = next.tenants().stream().filter(t -> !tenants.contains(t)).count();
            return items.size() < maxItems
                    && tenants.size() + fresh <= TenantScope.MAX_TENANTS
                    && bytes + next.bytes() <= MAX_BYTES;
        }
    }
}
