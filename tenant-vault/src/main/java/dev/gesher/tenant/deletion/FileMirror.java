package dev.gesher.tenant.deletion;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Notices;
import dev.gesher.tenant.db.TenantScope;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Requires;

/** Keeps in this process's own file what any process has deleted, from its start on. */
@Context
@Requires(beans = DeletedTenantsFile.class)
final class FileMirror implements Notices.Listener {
    private final TenantScope scope;
    private final DeletedTenantsFile file;

    FileMirror(TenantScope scope, DeletedTenantsFile file, Notices notices) {
        this.scope = scope;
        this.file = file;
        notices.listen(StoredDeletions.NOTICE, this);
    }

    @Override
    public void heard(TenantId tenant, String object) {
        file.add(tenant);
    }

    @Override
    public void missed() {
        scope.platform(DeletionRows::deleted).forEach(file::add);
    }
}
