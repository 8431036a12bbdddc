package dev.gesher.whatsapp;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.WhatsAppClient.TemplateVariant;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/** What webhooks told of templates, which may be newer than the list that Graph gave. */
public interface TemplateStandings {
    /** What was told of templates, with one query in the caller's transaction. */
    Told find(Tx tx, Collection<Key> keys) throws SQLException;

    /** A template in all its languages. */
    record Key(TenantId tenant, String wabaId, String name) {}

    /** What was told. */
    interface Told {
        /**
         * The variants as they stand: status and category as told, where that is newer than the
         * list.
         */
        List<TemplateVariant> since(Key key, List<TemplateVariant> listed);
    }
}
