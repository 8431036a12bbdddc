package dev.gesher.conversation.media;

import dev.gesher.conversation.MediaId;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ObjectCipher;
import dev.gesher.tenant.TenantId;

/** Where a file and what is known of it are kept. */
final class Places {
    private static final int SPREAD = 2;

    private Places() {}

    static Place details(MediaId id) {
        return new Place("media", "details", id.value());
    }

    static Place objectKey(MediaId id) {
        return new Place("media", "object_key", id.value());
    }

    /** Under the tenant, spread over folders by what is random in the id. */
    static String object(TenantId tenant, MediaId id) {
        var text = id.toString();
        return tenant + "/" + text.substring(text.length() - SPREAD) + "/" + text;
    }

    static ObjectCipher cipher(byte[] key, TenantId tenant, MediaId id) {
        return new ObjectCipher(key, tenant, "media", id.value());
    }
}
