-- What names no number waits for whoever binds the account.
CREATE INDEX webhook_changes_parked_waba ON webhook_changes (waba_id) WHERE state = 'parked' AND phone_number_id IS NULL;
