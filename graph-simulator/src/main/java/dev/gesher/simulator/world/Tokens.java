package dev.gesher.simulator.world;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Signup codes, access tokens and what was granted to whom. */
public final class Tokens {
    /** A code from the signup popup lives 30 seconds and works once. */
    private static final Duration CODE_LIFETIME = Duration.ofSeconds(30);

    private static final Duration REFRESHED_LIFETIME = Duration.ofDays(60);

    private static final List<String> BOTH = List.of(AccessToken.MANAGEMENT, AccessToken.MESSAGING);

    private final Ids ids;
    private final Clock clock;
    private final String appId;
    private final Map<String, Code> codes = new ConcurrentHashMap<>();
    private final Map<String, AccessToken> tokens = new ConcurrentHashMap<>();
    private final Set<String> revoked = ConcurrentHashMap.newKeySet();
    // Per portfolio: the system user that signup made there, and the accounts granted, newest
    // first.
    private final Map<String, String> systemUsers = new ConcurrentHashMap<>();
    private final Map<String, List<String>> grants = new ConcurrentHashMap<>();

    Tokens(Ids ids, Clock clock, String appId) {
        this.ids = ids;
        this.clock = clock;
        this.appId = appId;
    }

    private record Code(Waba waba, Instant expiresAt) {}

    /** A token and the account whose signup it came from. */
    public record Grant(AccessToken token, Waba waba) {}

    /** What a presented token is worth. */
    public sealed interface Check {
        record Valid(AccessToken token) implements Check {}

        record Expired(Instant at) implements Check {}

        record Revoked() implements Check {}

        record Unknown() implements Check {}
    }

    /** The code the dialog hands out when a person grants this account to our app. */
    public String mintCode(Waba waba) {
        var code = ids.signupCode();
        codes.put(code, new Code(waba, clock.instant().plus(CODE_LIFETIME)));
        return code;
    }

    /** Trades a code for the business token; spent, expired and unknown codes give nothing. */
    public Optional<Grant> exchange(String code, long lifetimeSeconds) {
        var known = codes.remove(code);
        if (known == null || !clock.instant().isBefore(known.expiresAt())) {
            return Optional.empty();
        }
        return Optional.of(new Grant(issueFor(known.waba(), lifetimeSeconds), known.waba()));
    }

    private synchronized AccessToken issueFor(Waba waba, long lifetimeSeconds) {
        var granted = new LinkedHashSet<>(List.of(waba.id()));
        granted.addAll(grants.getOrDefault(waba.businessId(), List.of()));
        grants.put(waba.businessId(), List.copyOf(granted));
        var user = systemUsers.computeIfAbsent(waba.businessId(), _ -> ids.node());
        return keep(
                new AccessToken(
                        ids.accessToken(),
                        appId,
                        user,
                        waba.businessId(),
                        List.of(),
                        BOTH,
                        false,
                        clock.instant(),
                        lifetimeSeconds == 0
                                ? null
                                : clock.instant().plusSeconds(lifetimeSeconds)));
    }

    /** A system-user token without any dialog. */
    public AccessToken mint(TokenSpec spec) {
        var now = clock.instant();
        var seconds = spec.expiresInSeconds();
        return keep(
                new AccessToken(
                        ids.accessToken(),
                        spec.appId() == null ? appId : spec.appId(),
                        ids.node(),
                        null,
                        List.copyOf(spec.wabaIds()),
                        spec.scopes() == null ? BOTH : List.copyOf(spec.scopes()),
                        spec.hideTargets(),
                        now,
                        seconds == null ? null : now.plusSeconds(seconds)));
    }

    /**
     * A second token for 60 days in place of one that is still good; the old one keeps its own end.
     * Nothing for a token that is not.
     */
    public Optional<AccessToken> refresh(String old) {
        if (!(check(old) instanceof Check.Valid(var token))) {
            return Optional.empty();
        }
        var now = clock.instant();
        return Optional.of(
                keep(
                        new AccessToken(
                                ids.accessToken(),
                                token.appId(),
                                token.userId(),
                                token.businessId(),
                                token.wabaIds(),
                                token.scopes(),
                                token.hideTargets(),
                                now,
                                now.plus(REFRESHED_LIFETIME))));
    }

    private AccessToken keep(AccessToken token) {
        tokens.put(token.value(), token);
        return token;
    }

    public Check check(String value) {
        var token = tokens.get(value);
        if (token == null) {
            return new Check.Unknown();
        }
        if (revoked.contains(value)) {
            return new Check.Revoked();
        }
        var expiresAt = token.expiresAt();
        return expiresAt != null && token.expired(clock.instant())
                ? new Check.Expired(expiresAt)
                : new Check.Valid(token);
    }

    /** The token whatever its state. */
    public Optional<AccessToken> find(String value) {
        return Optional.ofNullable(tokens.get(value));
    }

    /** The accounts a token may touch, newest grant first. */
    public List<String> targets(AccessToken token) {
        var business = token.businessId();
        return business == null ? token.wabaIds() : grants.getOrDefault(business, List.of());
    }

    /** False when the token was never known. */
    public boolean revoke(String value) {
        return tokens.containsKey(value) && (revoked.add(value) || revoked.contains(value));
    }

    /** The business takes an account back: its tokens live on but no longer see it. */
    public void unshare(String wabaId) {
        grants.replaceAll((_, wabas) -> wabas.stream().filter(id -> !id.equals(wabaId)).toList());
        tokens.replaceAll((_, token) -> token.without(wabaId));
    }

    /** The users whose tokens can touch this account. */
    public List<String> usersOf(String wabaId) {
        return tokens.values().stream()
                .filter(token -> targets(token).contains(wabaId))
                .map(AccessToken::userId)
                .distinct()
                .toList();
    }

    /** Takes every token that can touch this account out of use; returns how many. */
    public int revokeAllOf(String wabaId) {
        var hit = new ArrayList<String>();
        tokens.values().stream()
                .filter(token -> targets(token).contains(wabaId))
                .forEach(token -> hit.add(token.value()));
        revoked.addAll(hit);
        unshare(wabaId);
        return hit.size();
    }

    void clear() {
        codes.clear();
        tokens.clear();
        revoked.clear();
        systemUsers.clear();
        grants.clear();
    }
}
