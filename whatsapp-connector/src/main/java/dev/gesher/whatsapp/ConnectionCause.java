package dev.gesher.whatsapp;

/** Why a connection does not work. */
public enum ConnectionCause {
    TOKEN_INVALID,
    PERMISSION_LOST,
    PAYMENT_REQUIRED,
    RESTRICTED,
    NUMBER_UNREGISTERED
}
