ALTER TABLE whatsapp_connections
    ADD COLUMN contacts_sync   text CHECK (contacts_sync IN ('pending', 'requested', 'declined', 'too_late')),
    ADD COLUMN history_sync    text CHECK (history_sync IN ('pending', 'requested', 'declined', 'too_late')),
    ADD COLUMN app_sync_until  timestamptz;
