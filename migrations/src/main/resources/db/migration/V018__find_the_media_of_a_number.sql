CREATE INDEX whatsapp_messages_with_media ON whatsapp_messages (tenant_id, phone_number_id) WHERE media_id IS NOT NULL;
