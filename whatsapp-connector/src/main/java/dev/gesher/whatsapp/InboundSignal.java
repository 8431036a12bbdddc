package dev.gesher.whatsapp;

import java.time.Instant;
import java.util.Optional;

/** One thing a webhook told about a message. Prints neither numbers nor content. */
public sealed interface InboundSignal {
    /** The message's id at Meta, by which it is recognised when it comes again. */
    String waMessageId();

    /**
     * A customer wrote.
     *
     * @param fromPhone the customer's number, if Meta shows it (at least one of it and {@code
     *     fromUserId} is there)
     * @param at Meta's time, from which the window counts
     * @param type Meta's type, known or not
     * @param contentJson the message object as Meta sent it, to be kept
     * @param opensWindow whether this kind of message opens the customer service window
     */
    record Message(
            String waMessageId,
            Optional<PhoneNumber> fromPhone,
            Optional<String> fromUserId,
            Optional<String> profileName,
            Instant at,
            String type,
            String contentJson,
            Optional<String> mediaId,
            Optional<String> contextWaMessageId,
            boolean opensWindow)
            implements InboundSignal {
        @Override
        public String toString() {
            return "message of type " + type;
        }
    }

    /**
     * Meta told what became of a message of ours.
     *
     * @param opaque the {@code biz_opaque_callback_data} of the call
     * @param errorCode Meta's first code, when it failed
     * @param windowClosed whether that code means the window was closed (131047)
     */
    record StatusUpdate(
            String waMessageId,
            Status status,
            Instant at,
            Optional<String> opaque,
            Optional<PhoneNumber> recipientPhone,
            Optional<String> recipientUserId,
            Optional<String> errorCode,
            boolean windowClosed)
            implements InboundSignal {
        @Override
        public String toString() {
            return "status " + status;
        }
    }

    /** Meta's statuses that we act on. */
    enum Status {
        SENT,
        DELIVERED,
        READ,
        PLAYED,
        FAILED
    }
}
