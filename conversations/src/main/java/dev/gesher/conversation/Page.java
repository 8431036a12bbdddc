package dev.gesher.conversation;

import java.util.List;
import java.util.Optional;

/** A page of a list; {@code nextCursor} is opaque and absent on the last page. */
public record Page<T>(List<T> data, Optional<String> nextCursor) {}
