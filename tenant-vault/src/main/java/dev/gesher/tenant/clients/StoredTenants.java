package dev.gesher.tenant.clients;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.Cursor;
import dev.gesher.tenant.Page;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.Notices;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.vault.TenantKeyMaker;
import io.micronaut.context.BeanProvider;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tenants as rows, each written under a set of its own id. */
@Singleton
final class StoredTenants implements Tenants {
    private static final String LIST = "t1";

    private final TenantScope scope;
    private final TenantRepository rows;
    private final TenantKeyMaker keys;
    private final AuditLog audit;
    private final Notices notices;
    private final Clock clock;
    // Asked for late: listeners may want tenants themselves.
    private final BeanProvider<Listener> listeners;

    StoredTenants(
            TenantScope scope,
            TenantRepository rows,
            TenantKeyMaker keys,
            AuditLog audit,
            Notices notices,
            Clock clock,
            BeanProvider<Listener> listeners) {
        this.scope = scope;
        this.rows = rows;
        this.keys = keys;
        this.audit = audit;
        this.notices = notices;
        this.clock = clock;
        this.listeners = listeners;
    }

    @Override
    public Tenant create(NewTenant tenant, String actor) {
        var id = new TenantId(UuidCreator.getTimeOrderedEpoch());
        var newKeys = keys.makeKeys(id);
        return scope.in(
                withPlatform(id),
                tx -> {
                    insert(tx, id, tenant);
                    newKeys.store(tx);
                    audit(tx, actor, "tenant.created", id, Map.of());
                    return rows.find(id).orElseThrow().tenant();
                });
    }

    @Override
    public Optional<Tenant> find(TenantId tenant) {
        return scope.in(tenant, tx -> rows.find(tenant).map(TenantRow::tenant));
    }

    @Override
    public Map<TenantId, Tenant> find(Tx tx, Collection<TenantId> tenants) throws SQLException {
        return tx
                .query(
                        """
                        SELECT tenant_id, name, locale, region, on_unknown, status,
                            status_reason, status_since, created_at
                        FROM tenants WHERE tenant_id = any(?) AND deleted_at IS NULL
                        """,
                        TenantRow::of,
                        Tx.tenants(List.copyOf(tenants)))
                .stream()
                .map(TenantRow::tenant)
                .collect(Collectors.toMap(Tenant::id, Function.identity()));
    }

    @Override
    public Page<Tenant> list(Optional<String> cursor, int limit) {
        Cursor.checkLimit(limit);
        var after = cursor.map(text -> Cursor.read(LIST, text));
        var afterId = after.map(place -> idOf(place).value()).orElse(null);
        var entries = scope.platform(tx -> directory(tx, after, afterId, limit + 1));
        var page =
                Cursor.page(
                        LIST,
                        entries,
                        limit,
                        entry -> new Cursor(entry.createdAt(), entry.tenant().toString()));
        var ids = page.data().stream().map(Entry::tenant).toList();
        var tenants = new ArrayList<Tenant>();
        for (int from = 0; from < ids.size(); from += TenantScope.MAX_TENANTS) {
            var some = ids.subList(from, Math.min(ids.size(), from + TenantScope.MAX_TENANTS));
            var found = scope.in(some, tx -> find(tx, some));
            // One that was deleted in this very moment is missing.
            some.stream().map(found::get).filter(Objects::nonNull).forEach(tenants::add);
        }
        return new Page<>(List.copyOf(tenants), page.nextCursor());
    }

    private record Entry(TenantId tenant, Instant createdAt) {}

    private static List<Entry> directory(
            Tx tx, Optional<Cursor> after, @Nullable UUID afterId, int most) throws SQLException {
        return tx.query(
                """
                SELECT tenant_id, created_at FROM tenant_directory
                WHERE deleted_at IS NULL
                    AND (?::uuid IS NULL OR (created_at, tenant_id) > (?::timestamptz, ?::uuid))
                ORDER BY created_at, tenant_id LIMIT ?
                """,
                row -> new Entry(row.tenant(), row.instant("created_at")),
                afterId,
                after.map(Cursor::at).orElse(null),
                afterId,
                most);
    }

    private static TenantId idOf(Cursor place) {
        try {
            return TenantId.of(place.name());
        } catch (IllegalArgumentException e) {
            throw new Page.BadCursorException();
        }
    }

    @Override
    public Optional<Tenant> change(TenantId tenant, Change change, String actor) {
        return changed(
                tenant,
                (tx, before) -> {
                    var changed = names(before, change);
                    if (changed.isEmpty()) {
                        return;
                    }
                    tx.updateExactly(
                            1,
                            """
                            UPDATE tenants SET name = ?, locale = ?, region = ?, on_unknown = ?, updated_at = ?
                            WHERE tenant_id = ?
                            """,
                            change.name().orElse(before.name()),
                            change.locale().orElse(before.locale()),
                            change.region().orElse(before.region()),
                            change.onUnknown().orElse(before.onUnknown()),
                            clock.instant(),
                            tenant);
                    audit(
                            tx,
                            actor,
                            "tenant.changed",
                            tenant,
                            Map.of("fields", String.join(" ", changed)));
                });
    }

    /** What {@code change} would make different. */
    private static List<String> names(Tenant before, Change change) {
        var names = new ArrayList<String>();
        change.name().filter(it -> !it.equals(before.name())).ifPresent(_ -> names.add("name"));
        change.locale()
                .filter(it -> !it.equals(before.locale()))
                .ifPresent(_ -> names.add("locale"));
        change.region()
                .filter(it -> !it.equals(before.region()))
                .ifPresent(_ -> names.add("region"));
        change.onUnknown()
                .filter(it -> it != before.onUnknown())
                .ifPresent(_ -> names.add("on_unknown"));
        return names;
    }

    @Override
    public Optional<Tenant> suspend(TenantId tenant, String reason, String actor) {
        return changed(
                tenant,
                (tx, before) -> {
                    if (before.status() == Tenant.Status.SUSPENDED) {
                        return;
                    }
                    var now = clock.instant();
                    // They lock the lanes, which whoever claims holds while reading the status.
                    for (var listener : listeners) {
                        listener.suspended(tx, tenant, now);
                    }
                    setStatus(tx, tenant, Tenant.Status.SUSPENDED, reason, now);
                    notices.announce(tx, ApiClients.NOTICE, tenant, "");
                    audit(tx, actor, "tenant.suspended", tenant, Map.of("reason", reason));
                });
    }

    @Override
    public Optional<Tenant> resume(TenantId tenant, String reason, String actor) {
        return changed(
                tenant,
                (tx, before) -> {
                    if (before.status() == Tenant.Status.ACTIVE) {
                        return;
                    }
                    var now = clock.instant();
                    for (var listener : listeners) {
                        listener.resumed(tx, tenant, now);
                    }
                    setStatus(tx, tenant, Tenant.Status.ACTIVE, null, now);
                    notices.announce(tx, ApiClients.NOTICE, tenant, "");
                    audit(tx, actor, "tenant.resumed", tenant, Map.of("reason", reason));
                });
    }

    private static void setStatus(
            Tx tx, TenantId tenant, Tenant.Status status, @Nullable String reason, Instant now)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE tenants SET status = ?, status_reason = ?, status_since = ?, updated_at = ?
                WHERE tenant_id = ?
                """,
                status,
                reason,
                now,
                now,
                tenant);
    }

    /** What is done to a tenant while nobody else changes its standing. */
    private interface Changing {
        void run(Tx tx, Tenant before) throws SQLException;
    }

    private Optional<Tenant> changed(TenantId tenant, Changing changing) {
        return scope.in(
                withPlatform(tenant),
                tx -> {
                    var before =
                            tx.one(
                                    """
                                    SELECT tenant_id, name, locale, region, on_unknown, status,
                                        status_reason, status_since, created_at
                                    FROM tenants WHERE tenant_id = ? AND deleted_at IS NULL
                                    FOR NO KEY UPDATE
                                    """,
                                    TenantRow::of,
                                    tenant);
                    if (before.isEmpty()) {
                        return Optional.<Tenant>empty();
                    }
                    changing.run(tx, before.get().tenant());
                    return rows.find(tenant).map(TenantRow::tenant);
                });
    }

    private static List<TenantId> withPlatform(TenantId tenant) {
        return List.of(tenant, TenantId.PLATFORM);
    }

    /** The operator's acts are the platform's to remember. */
    private void audit(
            Tx tx, String actor, String action, TenantId tenant, Map<String, String> detail)
            throws SQLException {
        audit.record(tx, TenantId.PLATFORM, actor, action, tenant.toString(), detail);
    }

    private void insert(Tx tx, TenantId id, NewTenant tenant) throws SQLException {
        var now = clock.instant().truncatedTo(ChronoUnit.MICROS); // as the database keeps it
        tx.update(
                """
                INSERT INTO tenants (tenant_id, name, locale, region, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                id,
                tenant.name(),
                tenant.locale(),
                tenant.region(),
                now,
                now);
        tx.update("INSERT INTO tenant_directory (tenant_id, created_at) VALUES (?, ?)", id, now);
    }
}
