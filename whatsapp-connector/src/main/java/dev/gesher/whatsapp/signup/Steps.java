package dev.gesher.whatsapp.signup;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AppSync;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.Signup.Choice;
import dev.gesher.whatsapp.Signup.Source;
import dev.gesher.whatsapp.SignupFailure;
import dev.gesher.whatsapp.graph.GraphApi;
import dev.gesher.whatsapp.graph.GraphIds;
import dev.gesher.whatsapp.graph.GraphPages;
import dev.gesher.whatsapp.graph.GraphReply;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The steps after the exchange of the code. Each may be repeated; each asks Meta outside any
 * transaction and says what is to be written.
 */
@Singleton
final class Steps {
    private static final String MANAGEMENT = "whatsapp_business_management";
    private static final String MESSAGING = "whatsapp_business_messaging";
    private static final int MAX_ACCOUNTS = 20;
    private static final Duration PIN_LOCK = Duration.ofDays(1);
    private static final Duration REGISTER_LOCK = Duration.ofDays(3);
    private static final Duration DEREGISTRATION = Duration.ofMinutes(5);
    private static final Duration APP_SYNC = Duration.ofDays(1);

    private final GraphApi graph;
    private final MetaSettings meta;
    private final Vault vault;
    private final TenantScope scope;
    private final Binding binding;
    private final AppSyncs appSyncs;
    private final Clock clock;

    Steps(
            GraphApi graph,
            MetaSettings meta,
            Vault vault,
            TenantScope scope,
            Binding binding,
            AppSyncs appSyncs,
            Clock clock) {
        this.graph = graph;
        this.meta = meta;
        this.vault = vault;
        this.scope = scope;
        this.binding = binding;
        this.appSyncs = appSyncs;
        this.clock = clock;
    }

    /** Runs the step in which {@code row} stands. */
    Outcome run(AttemptRow row) {
        var token = vault.open(row.tenant(), row.tokenName(), "signup." + row.step().code());
        if (token.isEmpty()) {
            // Only the exchange has none, and it is never repeated.
            return Outcome.failed(SignupFailure.INTERRUPTED);
        }
        return switch (row.step()) {
            case EXCHANGE -> Outcome.failed(SignupFailure.INTERRUPTED);
            case INSPECT -> inspect(row, token.get());
            case VERIFY -> verify(row, token.get());
            case BIND -> bind(row);
            case SUBSCRIBE -> subscribe(row, token.get());
            case REGISTER -> register(row, token.get());
            case SYNC -> sync(row, token.get());
            case READ_BACK -> readBack(row, token.get());
            case DONE -> throw new IllegalStateException("nothing is left to do");
        };
    }

    /** Whose token it is, whether it lives, and what it reaches. */
    private Outcome inspect(AttemptRow row, SecretText token) {
        var reply = graph.debugToken(token);
        if (!(reply instanceof GraphReply.Success(var body))) {
            // The call is made as our app: a refusal says nothing about the tenant's token.
            return reply instanceof GraphReply.Refusal refusal
                            && refusal.isFinal()
                            && !refusal.error().isInvalidParameter()
                    ? new Outcome.Failed(
                            SignupFailure.APP_REFUSED, refusal.error().codeText(), null)
                    : failed(reply, SignupFailure.TOKEN_INVALID);
        }
        var data = body.path("data");
        if (data.has("app_id") && !data.path("app_id").asText().equals(meta.appId())) {
            return Outcome.failed(SignupFailure.TOKEN_OF_ANOTHER_APP);
        }
        if (!data.path("is_valid").asBoolean(false) || !data.has("app_id")) {
            return Outcome.failed(SignupFailure.TOKEN_INVALID);
        }
        var scopes = texts(data.path("scopes"));
        if (!scopes.contains(MANAGEMENT) || !scopes.contains(MESSAGING)) {
            return Outcome.failed(SignupFailure.PERMISSION_MISSING);
        }
        var granted = granted(data.path("granular_scopes"));
        var wanted = row.wantedWabaId();
        if (granted.isPresent() && (granted.get().isEmpty() || isTampered(wanted, granted.get()))) {
            return Outcome.failed(SignupFailure.ACCOUNT_NOT_GRANTED);
        }
        if (granted.isEmpty() && wanted == null) {
            return Outcome.failed(SignupFailure.ACCOUNT_NOT_GRANTED);
        }
        var userId = data.path("user_id").isMissingNode() ? null : data.path("user_id").asText();
        var expiresAt = Binding.moment(data.path("expires_at").asLong(0));
        return new Outcome.Write(tx -> {
            AttemptRows.inspected(
                    tx,
                    row,
                    granted.map(ids -> String.join(",", ids)).orElse(null),
                    userId,
                    expiresAt);
            return Outcome.done();
        });
    }

    private static boolean isTampered(@Nullable String wanted, Collection<String> granted) {
        return wanted != null && !granted.contains(wanted);
    }

    /**
     * The accounts that both permissions name, the newest grant first; empty if they name none at
     * all, as with a system user's own token, which reaches what it can read.
     */
    private static Optional<Set<String>> granted(JsonNode granularScopes) {
        Set<String> both = null;
        for (var one : granularScopes) {
            var scope = one.path("scope").asText();
            if (one.has("target_ids") && (scope.equals(MANAGEMENT) || scope.equals(MESSAGING))) {
                var ids = texts(one.path("target_ids"));
                if (both == null) {
                    both = ids;
                } else {
                    both.retainAll(ids);
                }
            }
        }
        return Optional.ofNullable(both);
    }

    private static Set<String> texts(JsonNode array) {
        var texts = new LinkedHashSet<String>();
        array.forEach(one -> texts.add(one.asText()));
        return texts;
    }

    /** Reads accounts and numbers back with the token, and checks that they belong together. */
    private Outcome verify(AttemptRow row, SecretText token) {
        var granted = row.grantedWabas();
        if (granted != null && isTampered(row.wantedWabaId(), granted)) {
            // Told by the browser after the token was inspected.
            return Outcome.failed(SignupFailure.ACCOUNT_NOT_GRANTED);
        }
        var found = new ArrayList<Choice>();
        Outcome.Failed unreadable = null;
        for (var wabaId : candidates(row)) {
            var failed = read(token, wabaId, found);
            if (failed.isPresent() && failed.get().failure() != SignupFailure.ACCOUNT_UNREADABLE) {
                return failed.get();
            }
            // One of several that can't be read takes nothing from the others.
            unreadable = failed.orElse(unreadable);
        }
        if (found.isEmpty() && unreadable != null) {
            return unreadable;
        }
        var wanted = row.wantedPhoneNumberId();
        if (wanted != null) {
            return found.stream()
                    .filter(choice -> choice.phoneNumberId().equals(wanted))
                    .findFirst()
                    .map(choice -> verified(row, choice))
                    .orElse(Outcome.failed(SignupFailure.NUMBER_NOT_IN_ACCOUNT));
        }
        return switch (found.size()) {
            case 0 -> Outcome.failed(SignupFailure.NO_NUMBER);
            case 1 -> verified(row, found.getFirst());
            default -> new Outcome.Choose(found);
        };
    }

    /** Adds the numbers of an account; what failed, if it can't be read. */
    private Optional<Outcome.Failed> read(SecretText token, String wabaId, List<Choice> found) {
        var account = graph.account(token, wabaId);
        if (!(account instanceof GraphReply.Success(var node))) {
            return Optional.of(failed(account, SignupFailure.ACCOUNT_UNREADABLE));
        }
        return switch (GraphPages.all(after -> graph.phoneNumbers(token, wabaId, after))) {
            case GraphPages.Listing.Failed(var reply) ->
                    Optional.of(failed(reply, SignupFailure.ACCOUNT_UNREADABLE));
            case GraphPages.Listing.Items(var items) -> {
                items.forEach(item -> found.add(choice(wabaId, node, item)));
                yield Optional.empty();
            }
        };
    }

    private static List<String> candidates(AttemptRow row) {
        var wanted = row.wantedWabaId();
        if (wanted != null) {
            return List.of(wanted);
        }
        var granted = row.grantedWabas();
        return granted == null
                ? List.of()
                : granted.stream().filter(GraphIds::isId).limit(MAX_ACCOUNTS).toList();
    }

    private static Choice choice(String wabaId, JsonNode account, JsonNode number) {
        return new Choice(
                wabaId,
                account.path("name").asText(""),
                number.path("id").asText(),
                number.path("display_phone_number").asText(""),
                number.path("verified_name").asText(""));
    }

    private static Outcome verified(AttemptRow row, Choice choice) {
        return new Outcome.Write(tx -> {
            AttemptRows.verified(tx, row, choice.wabaId(), choice.phoneNumberId());
            return Outcome.done();
        });
    }

    private Outcome bind(AttemptRow row) {
        var pinOfTheOldNumber = vault.open(row.tenant(), SecretName.META_PIN, "signup.bind");
        return new Outcome.Write(tx -> binding.bind(tx, row, pinOfTheOldNumber, clock.instant()));
    }

    private Outcome subscribe(AttemptRow row, SecretText token) {
        return switch (graph.subscribe(token, row.waba())) {
            case GraphReply.Success _ -> Outcome.done();
            case GraphReply reply -> failed(reply, SignupFailure.SUBSCRIBE_REFUSED);
        };
    }

    /**
     * Registers with the PIN we know or make; a number that is on the Business app keeps its own.
     */
    private Outcome register(AttemptRow row, SecretText token) {
        var read = graph.phoneNumber(token, row.number());
        if (!(read instanceof GraphReply.Success(var node))) {
            return failed(read, SignupFailure.ACCOUNT_UNREADABLE);
        }
        var number = NumberState.of(node);
        if (number.onBusinessApp()) {
            return new Outcome.Write(tx -> {
                AttemptRows.coexistence(tx, row);
                return new Outcome.Skipped();
            });
        }
        // Whoever brings a system user's token has set the number up, with a PIN that we don't
        // know.
        if (row.source() == Source.SYSTEM_USER_TOKEN && number.registered()) {
            return new Outcome.Skipped();
        }
        var pin = pin(row, number.hasPin());
        if (pin.isEmpty()) {
            return new Outcome.Write(tx -> askForPin(tx, row, SignupFailure.PIN_REQUIRED));
        }
        return switch (graph.register(token, row.number(), pin.get())) {
            case GraphReply.Success _ -> Outcome.done();
            case GraphReply.Refusal refusal when refusal.error().isPinMismatch() -> wrongPin(row);
            case GraphReply.Refusal refusal when refusal.error().isPinLocked() ->
                    new Outcome.Failed(
                            SignupFailure.PIN_LOCKED,
                            refusal.error().codeText(),
                            clock.instant().plus(refusal.after().orElse(PIN_LOCK)));
            case GraphReply.Refusal refusal when refusal.error().isNumberNotVerified() ->
                    new Outcome.Failed(
                            SignupFailure.NUMBER_NOT_VERIFIED, refusal.error().codeText(), null);
            case GraphReply.Refusal refusal when refusal.error().isRegistrationLimit() ->
                    new Outcome.Failed(
                            SignupFailure.REGISTER_LIMIT,
                            refusal.error().codeText(),
                            clock.instant().plus(REGISTER_LOCK));
            case GraphReply.Refusal refusal when refusal.error().isDeregistrationUnfinished() ->
                    new Outcome.Failed(
                            SignupFailure.DEREGISTRATION_UNFINISHED,
                            refusal.error().codeText(),
                            clock.instant().plus(DEREGISTRATION));
            case GraphReply reply -> failed(reply, SignupFailure.REGISTER_REFUSED);
        };
    }

    /**
     * The PIN to register with: the attempt's own, the one of the connection, or a new one, which
     * is stored before Meta learns it, so that a lost answer loses no PIN. Empty if only its owner
     * knows it.
     *
     * @param hasOne whether Meta says that the number has one: then a guess would only cost a try
     */
    private Optional<SecretText> pin(AttemptRow row, boolean hasOne) {
        var own = vault.open(row.tenant(), row.pinName(), "signup.register");
        if (own.isPresent() || row.pinNeeded()) {
            return own;
        }
        var known =
                vault.open(row.tenant(), SecretName.META_PIN, "signup.register")
                        .or(() ->
                                vault.open(
                                        row.tenant(),
                                        Binding.pinOf(row.number()),
                                        "signup.register"));
        if (known.isEmpty() && hasOne) {
            return known;
        }
        var pin = known.orElseGet(LinkSecret::randomPin);
        scope.in(
                row.tenant(),
                tx -> {
                    vault.store(tx, row.tenant(), row.pinName(), pin, null);
                    return null;
                });
        return Optional.of(pin);
    }

    private Outcome wrongPin(AttemptRow row) {
        return new Outcome.Write(tx -> {
            vault.destroy(tx, row.tenant(), row.pinName());
            return askForPin(
                    tx,
                    row,
                    row.pinNeeded() ? SignupFailure.PIN_WRONG : SignupFailure.PIN_REQUIRED);
        });
    }

    /** Asks the number's owner, who may have tried too often. */
    private Outcome askForPin(Tx tx, AttemptRow row, SignupFailure why) throws SQLException {
        AttemptRows.pinNeeded(tx, row);
        var tries = AttemptRows.pinTries(tx, row, clock.instant());
        return tries.left() > 0
                ? new Outcome.NeedsPin(why)
                : new Outcome.Failed(
                        SignupFailure.PIN_LOCKED, "", tries.lockedUntil().orElseThrow());
    }

    /** Asks once each for contacts and history of a number that is on the Business app. */
    private Outcome sync(AttemptRow row, SecretText token) {
        if (!row.coexistence()) {
            return new Outcome.Skipped();
        }
        var until = row.createdAt().plus(APP_SYNC);
        var sync =
                appSyncs.ask(
                        token,
                        row.number(),
                        new AppSync(AppSync.State.PENDING, AppSync.State.PENDING, until));
        return new Outcome.Write(tx -> {
            appSyncs.write(tx, row.tenant(), row.number(), sync);
            return new Outcome.Done(sync.history().code());
        });
    }

    /** Looks at the number once more; only what Meta shows as connected becomes active. */
    private Outcome readBack(AttemptRow row, SecretText token) {
        var reply = graph.phoneNumber(token, row.number());
        if (!(reply instanceof GraphReply.Success(var node))) {
            return failed(reply, SignupFailure.ACCOUNT_UNREADABLE);
        }
        var number = NumberState.of(node);
        if (!number.sends()) {
            return new Outcome.Failed(
                    SignupFailure.NUMBER_NOT_CONNECTED, String.valueOf(number.status()), null);
        }
        var pin = vault.open(row.tenant(), row.pinName(), "signup.activate");
        return new Outcome.Write(
                tx -> binding.activate(tx, row, number, token, pin, clock.instant()));
    }

    private Outcome.Failed failed(GraphReply reply, SignupFailure refused) {
        return GraphFailures.of(reply, refused, clock);
    }
}
