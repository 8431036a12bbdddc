package dev.gesher.tenant.deletion;

import dev.gesher.tenant.AfterRestore;
import dev.gesher.tenant.TenantDeletions;
import io.micronaut.context.annotation.Requires;
import io.micronaut.core.annotation.Order;
import jakarta.inject.Singleton;
import java.time.Instant;

/** Holds a restored database to the list of tenants that were deleted, also since the backup. */
@Singleton
@Order(0) // before others work on what is to be deleted
@Requires(beans = DeletedTenantsFile.class)
final class DeletedAgain implements AfterRestore {
    private final DeletedTenantsFile file;
    private final TenantDeletions deletions;

    DeletedAgain(DeletedTenantsFile file, TenantDeletions deletions) {
        this.file = file;
        this.deletions = deletions;
    }

    @Override
    public void prepare(Instant noticedAt) {
        deletions.applyDeleted(file.all());
    }
}
