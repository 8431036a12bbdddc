-- Behind a lock that a migration waits for, everybody else would queue up: it gives up and is tried again.
SET lock_timeout = '500ms';
