package dev.gesher.whatsapp;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Looks at our app at Meta: what is set up and what is missing. */
public interface MetaSetup {
    /**
     * All checks, in the order of {@link Code}. Asks Graph, for ten seconds at most; what it did
     * not answer is {@link State#UNKNOWN}. Not to be called inside a transaction.
     *
     * @param callbackUrl where Meta should send its webhooks
     */
    List<Check> checks(String callbackUrl);

    /**
     * One thing that must be so.
     *
     * @param details what a sentence about it names: {@code found}, {@code expected}, {@code
     *     missing}, {@code version}, {@code until}, {@code error}
     */
    record Check(Code code, State state, Map<String, String> details) {}

    /** How it stands. */
    enum State {
        OK,
        MISSING,
        /** Meta did not say, or does not say such a thing at all. */
        UNKNOWN;

        /** {@code missing}. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What is looked at. */
    enum Code {
        /** App id and secret belong together. */
        APP_CREDENTIALS,
        /** The app gets webhooks about WhatsApp accounts. */
        WEBHOOK_SUBSCRIPTION,
        /** They come to us. */
        WEBHOOK_CALLBACK,
        /** They tell all that we act on. */
        WEBHOOK_FIELDS,
        /** Meta can prove itself when the callback is set. */
        VERIFY_TOKEN,
        /** Embedded Signup has its login configuration. */
        LOGIN_CONFIGURATION,
        /** The app may be given both permissions by strangers. */
        PERMISSIONS,
        /** Meta serves the version of Graph in use. */
        GRAPH_VERSION,
        /** No old secret verifies webhooks. */
        PREVIOUS_APP_SECRET,
        /** Addresses for privacy, deauthorization and data deletion, which Graph does not show. */
        CALLBACK_ADDRESSES;

        /** {@code webhook_fields}. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
