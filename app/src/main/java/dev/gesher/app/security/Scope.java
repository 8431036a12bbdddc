package dev.gesher.app.security;

import java.util.List;

/** What a token allows; names as in tokens and in {@code @Secured}. */
public final class Scope {
    public static final String MESSAGES_SEND = "messages:send";
    public static final String MESSAGES_READ = "messages:read";
    public static final String CONVERSATIONS_READ = "conversations:read";
    public static final String CONVERSATIONS_WRITE = "conversations:write";
    public static final String CONTACTS_READ = "contacts:read";
    public static final String CONTACTS_WRITE = "contacts:write";
    public static final String TEMPLATES_READ = "templates:read";
    public static final String TEMPLATES_WRITE = "templates:write";
    public static final String MEDIA = "media";
    public static final String CONNECTION_READ = "connection:read";
    public static final String CONNECTION_WRITE = "connection:write";
    public static final String EVENTS = "events";
    public static final String WEBHOOKS = "webhooks";

    /** All that a tenant's client can have. */
    public static final List<String> ALL =
            List.of(
                    MESSAGES_SEND,
                    MESSAGES_READ,
                    CONVERSATIONS_READ,
                    CONVERSATIONS_WRITE,
                    CONTACTS_READ,
                    CONTACTS_WRITE,
                    TEMPLATES_READ,
                    TEMPLATES_WRITE,
                    MEDIA,
                    CONNECTION_READ,
                    CONNECTION_WRITE,
                    EVENTS,
                    WEBHOOKS);

    /**
     * The operator's role. Not a scope: no client can be given it, and the operator has nothing
     * else.
     */
    public static final String OPERATOR = "gesher-operator";

    private Scope() {}
}
