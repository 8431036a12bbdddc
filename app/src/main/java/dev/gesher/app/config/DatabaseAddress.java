package dev.gesher.app.config;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A database's address taken apart, so that no password stays in a URL that might be printed.
 *
 * @param jdbcUrl without user and password
 */
record DatabaseAddress(String jdbcUrl, Optional<String> user, Optional<String> password) {
    /**
     * Reads {@code jdbc:postgresql://host/db}, with user and password as parameters if need be, or
     * libpq's {@code postgresql://user:password@host/db}.
     */
    static Optional<DatabaseAddress> parse(String text) {
        var plain = text.startsWith("jdbc:") ? text.substring("jdbc:".length()) : text;
        if (plain.startsWith("postgres://")) {
            plain = "postgresql://" + plain.substring("postgres://".length());
        }
        if (!plain.startsWith("postgresql://")) {
            return Optional.empty();
        }
        int question = plain.indexOf('?');
        var address = question < 0 ? plain : plain.substring(0, question);
        var query = question < 0 ? "" : plain.substring(question + 1);
        var authority = address.substring("postgresql://".length());
        Optional<String> user = Optional.empty();
        Optional<String> password = Optional.empty();
        int at = authority.lastIndexOf('@');
        if (at >= 0) {
            var login = authority.substring(0, at);
            authority = authority.substring(at + 1);
            int colon = login.indexOf(':');
            user = Optional.of(decoded(colon < 0 ? login : login.substring(0, colon)));
            password =
                    colon < 0 ? Optional.empty() : Optional.of(decoded(login.substring(colon + 1)));
        }
        int slash = authority.indexOf('/');
        if (slash < 1 || slash == authority.length() - 1 || !isUri("postgresql://" + authority)) {
            return Optional.empty();
        }
        List<String> kept = new ArrayList<>();
        for (var parameter : query.split("&", -1)) {
            if (parameter.startsWith("user=")) {
                user = Optional.of(decoded(parameter.substring("user=".length())));
            } else if (parameter.startsWith("password=")) {
                password = Optional.of(decoded(parameter.substring("password=".length())));
            } else if (!parameter.isEmpty()) {
                kept.add(parameter);
            }
        }
        var url =
                "jdbc:postgresql://"
                        + authority
                        + (kept.isEmpty() ? "" : "?" + String.join("&", kept));
        return Optional.of(new DatabaseAddress(url, user, password));
    }

    private static boolean isUri(String text) {
        try {
            return URI.create(text).getAuthority() != null;
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return jdbcUrl;
    }
}
