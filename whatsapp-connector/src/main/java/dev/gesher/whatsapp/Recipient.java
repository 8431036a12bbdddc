package dev.gesher.whatsapp;

/** Whom a message goes to. */
public sealed interface Recipient {
    /** By phone number. */
    record Phone(PhoneNumber number) implements Recipient {}

    /**
     * By business-scoped user id, for people whose number the business does not see. Prints masked.
     */
    record UserId(String value) implements Recipient {
        @Override
        public String toString() {
            return "user id";
        }
    }
}
