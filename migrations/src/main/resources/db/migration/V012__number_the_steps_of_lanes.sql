-- The number of the last step that a lane's holder committed, so that a step whose commit was in doubt is known when it
-- is run again. An older replica leaves it alone.
ALTER TABLE lanes ADD COLUMN step bigint NOT NULL DEFAULT 0;
