-- Each question about changes that are not settled has one index that answers it: with two, the planner may take the one
-- that reads all that waits.
DROP INDEX webhook_changes_open;
CREATE INDEX webhook_changes_waiting ON webhook_changes (received_at) WHERE state = 'pending';
CREATE INDEX webhook_changes_aside ON webhook_changes (state, inbox_id, ordinal) WHERE state IN ('parked', 'dead');
