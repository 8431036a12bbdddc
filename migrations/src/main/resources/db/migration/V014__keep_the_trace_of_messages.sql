-- W3C's traceparent of the request that was accepted, so that whoever sends the message, and whoever hears of it, continues its trace.
ALTER TABLE whatsapp_messages ADD COLUMN trace_parent text CHECK (length(trace_parent) <= 64);
