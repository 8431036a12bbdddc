package dev.gesher.conversation.outbound;

import dev.gesher.tenant.TenantId;

/**
 * A lane that this process holds.
 *
 * @param token grows with every holder
 * @param leftBehind whether the last holder did not give it back
 */
record LaneHold(
        String phoneNumberId,
        TenantId tenant,
        long token,
        int messagesPerSecond,
        boolean leftBehind) {}
