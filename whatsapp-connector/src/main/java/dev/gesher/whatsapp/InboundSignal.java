package dev.gesher.whatsapp;

import java.time.Instant;
import java.util.Optional;

/** One thing a webhook told. Prints neither numbers nor content. */
public sealed interface InboundSignal {
    /** When it happened by Meta's clock; when it came, where Meta does not say. */
    Instant at();

    /** Something about one message, which its id at Meta names. */
    sealed interface OfMessage extends InboundSignal {
        /** Meta's id, by which it is recognised when it comes again. */
        String waMessageId();
    }

    /**
     * A customer as a webhook names one: number, user id, both, or (where nothing is to be done
     * with it) neither.
     *
     * @param phone the number, if Meta shows it
     * @param userId business-scoped
     * @param parentUserId the same for linked portfolios
     * @param name the profile's
     * @param username without a leading {@code @}
     */
    record Person(
            Optional<PhoneNumber> phone,
            Optional<String> userId,
            Optional<String> parentUserId,
            Optional<String> name,
            Optional<String> username) {
        /** Somebody of whom only addresses are known. */
        public static Person of(Optional<PhoneNumber> phone, Optional<String> userId) {
            return new Person(phone, userId, Optional.empty(), Optional.empty(), Optional.empty());
        }

        /** Whether there is an address to know them by. */
        public boolean isKnown() {
            return phone.isPresent() || userId.isPresent();
        }

        @Override
        public String toString() {
            return "person";
        }
    }

    /** Which way a message came to us. */
    enum Source {
        /** Just now, from the customer. */
        LIVE,

        /** Written by the business in its WhatsApp Business app. */
        ECHO,

        /** From the time before the number was connected; either side may have written it. */
        HISTORY
    }

    /**
     * A message was written.
     *
     * @param customer the customer it is from or to, with at least one address
     * @param fromCustomer whether the customer wrote it, not the business
     * @param type Meta's type, known or not
     * @param contentJson the message object as Meta sent it, to be kept
     * @param contextWaMessageId the message it replies to, or reacts to
     * @param opensWindow whether it opens the customer service window (from {@code at})
     * @param reported what history says became of a message of the business
     */
    record Message(
            String waMessageId,
            Person customer,
            Instant at,
            Source source,
            boolean fromCustomer,
            String type,
            String contentJson,
            Optional<Media> media,
            Optional<String> contextWaMessageId,
            boolean opensWindow,
            Optional<Referral> referral,
            Optional<Status> reported)
            implements OfMessage {
        @Override
        public String toString() {
            return "message of type " + type;
        }
    }

    /**
     * A file that came with a message.
     *
     * @param id Meta's, good for seven days
     * @param sha256 base64, as in webhooks
     * @param url good for five minutes, if Meta sent one
     */
    record Media(
            String id,
            Optional<String> mimeType,
            Optional<String> sha256,
            Optional<String> url,
            Optional<String> filename,
            boolean voice,
            boolean animated) {
        @Override
        public String toString() {
            return "media";
        }
    }

    /**
     * The advertisement or post that a customer came from (click to WhatsApp). The rest of it is in
     * the message's content.
     *
     * @param sourceType {@code ad}, {@code post}
     */
    record Referral(
            Optional<String> sourceType, Optional<String> sourceId, Optional<String> clickId) {}

    /**
     * Somebody changed a message of theirs.
     *
     * @param contentJson the whole signal as Meta sent it; the new content is in its {@code
     *     edit.message}
     */
    record Edit(
            String waMessageId,
            String originalWaMessageId,
            Person customer,
            Instant at,
            boolean fromCustomer,
            String contentJson)
            implements OfMessage {
        @Override
        public String toString() {
            return "edit";
        }
    }

    /** Somebody took a message of theirs back. */
    record Revoke(
            String waMessageId,
            String originalWaMessageId,
            Person customer,
            Instant at,
            boolean fromCustomer,
            String contentJson)
            implements OfMessage {
        @Override
        public String toString() {
            return "revoke";
        }
    }

    /**
     * A customer goes by other addresses from now on, or has a new phone.
     *
     * @param before what they went by; may name nobody we know
     * @param after what they go by
     */
    record CustomerChanged(
            String waMessageId,
            Change change,
            Person before,
            Person after,
            Instant at,
            String contentJson)
            implements OfMessage {
        /** What changed. */
        public enum Change {
            NUMBER,
            USER_ID,
            /** The security code, when WhatsApp was installed anew. */
            IDENTITY
        }

        @Override
        public String toString() {
            return "customer changed " + change;
        }
    }

    /**
     * Meta told what became of a message of ours.
     *
     * @param opaque the {@code biz_opaque_callback_data} of the call
     * @param error Meta's first, when it failed
     * @param windowClosed whether that error means the window was closed (131047)
     * @param pricing how Meta charges for it, with some statuses only
     * @param conversation Meta's billing conversation, with some statuses only
     */
    record StatusUpdate(
            String waMessageId,
            Status status,
            Instant at,
            Optional<String> opaque,
            Person recipient,
            Optional<MetaError> error,
            boolean windowClosed,
            Optional<Pricing> pricing,
            Optional<BillingConversation> conversation)
            implements OfMessage {
        /** Whether it failed since the recipient wants no advertising from this business. */
        public boolean refusesMarketing() {
            return error.filter(first -> first.code().equals(STOPPED_MARKETING)).isPresent();
        }

        private static final String STOPPED_MARKETING = "131050";

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

    /** An error as webhooks tell it. */
    record MetaError(String code, Optional<String> title, Optional<String> details) {}

    /**
     * @param billable deprecated at Meta; absent in newer webhooks
     * @param type {@code regular}, {@code free_customer_service}, {@code free_entry_point}
     */
    record Pricing(
            Optional<Boolean> billable,
            Optional<String> model,
            Optional<String> type,
            Optional<String> category) {}

    /**
     * @param origin {@code referral_conversion} is a free entry point
     */
    record BillingConversation(
            Optional<String> id, Optional<String> origin, Optional<Instant> expiresAt) {}

    /** A contact of the WhatsApp Business app on the same number was added, changed or removed. */
    record AppContact(Person person, boolean removed, Optional<String> firstName, Instant at)
            implements InboundSignal {
        @Override
        public String toString() {
            return "contact of the app";
        }
    }

    /**
     * A customer's own word on a kind of messages, given in WhatsApp's settings.
     *
     * @param category {@code marketing_messages}
     * @param value {@code stop}, {@code resume}, {@code signup}, or what Meta invents
     */
    record Preference(
            Person person,
            String category,
            String value,
            Optional<String> detail,
            Optional<String> signupId,
            Instant at)
            implements InboundSignal {
        @Override
        public String toString() {
            return "preference " + value;
        }
    }

    /**
     * News about the account, the number or a template.
     *
     * @param identity by which it is recognised when it comes again
     * @param wabaId the account
     * @param valueJson the change's value as Meta sent it, or the part of it that tells this
     */
    record News(String identity, Instant at, String wabaId, AccountFact fact, String valueJson)
            implements InboundSignal {
        @Override
        public String toString() {
            return fact.getClass().getSimpleName();
        }
    }
}
