package dev.gesher.conversation.media;

import dev.gesher.conversation.MediaFiles;
import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MediaView;
import dev.gesher.conversation.MediaView.State;
import dev.gesher.conversation.MessageId;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantDeletions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads files out of the content storage, and deletes those of deleted tenants. */
@Singleton
public final class StoredMedia implements MediaFiles, TenantDeletions.Remains {
    private final TenantScope scope;
    private final ContentKeys keys;
    private final ObjectStore store;
    private final FileTypes types;

    StoredMedia(TenantScope scope, ContentKeys keys, ObjectStore store, FileTypes types) {
        this.scope = scope;
        this.keys = keys;
        this.store = store;
        this.types = types;
    }

    /** What messages of the tenant came with, by message. */
    public static Map<MessageId, MediaView> ofMessages(
            Tx tx, TenantId tenant, List<MessageId> messages, ContentCipher cipher)
            throws SQLException {
        var views = new HashMap<MessageId, MediaView>();
        for (var row : MediaRow.ofMessages(tx, tenant, messages, cipher)) {
            views.put(row.view().message(), row.view());
        }
        return views;
    }

    @Override
    public Optional<Found> find(TenantId tenant, MediaId id) {
        return scope.in(tenant, tx -> MediaRow.find(tx, tenant, id, keys.of(tx, tenant)))
                .map(this::found);
    }

    private Found found(MediaRow media) {
        var view = media.view();
        if (view.state() != State.STORED) {
            return new Found.Absent(view);
        }
        var detected = view.detectedMimeType().orElse("application/octet-stream");
        var type = types.served(view.mimeType(), detected, view.typeMismatch());
        return new Found.Stored(
                view,
                type,
                view.filename().orElseGet(() -> media.id() + types.ending(type)),
                () -> open(media));
    }

    private InputStream open(MediaRow media) {
        try {
            var sealed = store.open(Places.object(media.tenant(), media.id()));
            return Places.cipher(media.objectKey(), media.tenant(), media.id()).decrypting(sealed);
        } catch (IOException e) {
            throw new StorageUnavailableException(e);
        }
    }

    @Override
    public boolean deleteSome(TenantId tenant) {
        try {
            return store.deleteSome(tenant.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
