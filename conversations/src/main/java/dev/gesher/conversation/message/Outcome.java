package dev.gesher.conversation.message;

/** Why a message is settling. */
public enum Outcome {
    /** No answer came: it may have gone out. */
    UNKNOWN,
    /** Meta took it and holds it for a quality assessment, for as long as it likes. */
    HELD
}
