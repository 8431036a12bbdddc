package dev.gesher.tenant;

import java.util.UUID;

/** Identifies a tenant. */
public record TenantId(UUID value) implements Comparable<TenantId> {
    /**
     * The reserved tenant that holds what belongs to the platform but needs a vault or an audit
     * (JWT keys, the operator's audit). No tenant's request is ever given its set.
     */
    public static final TenantId PLATFORM = new TenantId(new UUID(0, 0));

    /**
     * @throws IllegalArgumentException if {@code text} is no UUID
     */
    public static TenantId of(String text) {
        return new TenantId(UUID.fromString(text));
    }

    /** In the order of the text form, which is also PostgreSQL's order: rows are locked in it. */
    @Override
    public int compareTo(TenantId other) {
        int high =
                Long.compareUnsigned(
                        value.getMostSignificantBits(), other.value.getMostSignificantBits());
        return high != 0
                ? high
                : Long.compareUnsigned(
                        value.getLeastSignificantBits(), other.value.getLeastSignificantBits());
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
