package dev.gesher.conversation;

import java.util.UUID;

/** Identifies a message (UUIDv7; says nothing about order). */
public record MessageId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
