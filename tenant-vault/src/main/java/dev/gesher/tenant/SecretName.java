package dev.gesher.tenant;

/**
 * What a secret is: whose ({@code meta}, {@code gesher}) and of which kind. Both are part of the
 * associated data, so a ciphertext moved to another name does not decrypt.
 */
public record SecretName(String provider, String kind) {
    /** The business token that Graph calls carry. */
    public static final SecretName META_ACCESS_TOKEN = new SecretName("meta", "access_token");

    /** The two-step verification PIN of the connected number. */
    public static final SecretName META_PIN = new SecretName("meta", "pin");

    /** The phone number id, kept as the provider's API key. */
    public static final SecretName META_API_KEY = new SecretName("meta", "api_key");
}
