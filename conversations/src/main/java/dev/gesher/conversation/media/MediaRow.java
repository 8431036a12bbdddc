package dev.gesher.conversation.media;

import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MediaView;
import dev.gesher.conversation.MediaView.State;
import dev.gesher.conversation.MessageId;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A file as its row has it, decrypted. */
record MediaRow(
        TenantId tenant,
        MediaView view,
        Details details,
        byte[] objectKey,
        String phoneNumberId,
        String waMediaId,
        int tries,
        Instant createdAt,
        Instant expiresAt) {

    static Optional<MediaRow> find(Tx tx, TenantId tenant, MediaId id, ContentCipher cipher)
            throws SQLException {
        return tx.one(
                "SELECT * FROM media WHERE tenant_id = ? AND media_id = ?",
                row -> of(row, tenant, cipher),
                tenant,
                id.value());
    }

    /** Those of some messages, the latest of a message last. */
    static List<MediaRow> ofMessages(
            Tx tx, TenantId tenant, List<MessageId> messages, ContentCipher cipher)
            throws SQLException {
        return tx.query(
                "SELECT * FROM media WHERE tenant_id = ? AND message_id = ANY (?) ORDER BY created_at, media_id",
                row -> of(row, tenant, cipher),
                tenant,
                Tx.uuids(messages.stream().map(MessageId::value).toList()));
    }

    private static MediaRow of(Row row, TenantId tenant, ContentCipher cipher) throws SQLException {
        var id = new MediaId(row.uuid("media_id"));
        var details = Details.parse(cipher.decrypt(Places.details(id), row.bytes("details")));
        return new MediaRow(
                tenant,
                new MediaView(
                        id,
                        new MessageId(row.uuid("message_id")),
                        row.text("type"),
                        State.valueOf(row.text("state").toUpperCase(Locale.ROOT)),
                        text(row, "cause"),
                        text(row, "last_error"),
                        Optional.ofNullable(row.nullableInstant("next_try_at")),
                        text(row, "mime_type"),
                        text(row, "detected_mime_type"),
                        row.bool("type_mismatch"),
                        Optional.ofNullable(row.nullableLong("size_bytes")),
                        details.filename()),
                details,
                cipher.decrypt(Places.objectKey(id), row.bytes("object_key")),
                row.text("phone_number_id"),
                row.text("wa_media_id"),
                row.integer("tries"),
                row.instant("created_at"),
                row.instant("expires_at"));
    }

    private static Optional<String> text(Row row, String column) throws SQLException {
        return Optional.ofNullable(row.nullableText(column));
    }

    MediaId id() {
        return view.id();
    }

    @Override
    public String toString() {
        return view.toString();
    }
}
