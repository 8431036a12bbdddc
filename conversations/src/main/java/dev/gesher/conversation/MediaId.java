package dev.gesher.conversation;

import java.util.UUID;

/** Identifies a file of a message (UUIDv7; says nothing about order). Not Meta's media id. */
public record MediaId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
