package dev.gesher.tenant.clients;

import dev.gesher.tenant.TenantId;
import io.micronaut.data.annotation.Query;
import io.micronaut.data.jdbc.annotation.JdbcRepository;
import io.micronaut.data.model.query.builder.sql.Dialect;
import io.micronaut.data.repository.GenericRepository;
import java.util.Optional;

@JdbcRepository(dialect = Dialect.POSTGRES)
interface TenantRepository extends GenericRepository<TenantRow, TenantId> {
    @Query(
            """
            SELECT tenant_id, name, locale, region, on_unknown, status, status_reason,
                status_since, created_at
            FROM tenants WHERE tenant_id = :tenantId AND deleted_at IS NULL
            """)
    Optional<TenantRow> find(TenantId tenantId);
}
