package dev.gesher.simulator.world;

import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.FaultRule.WebhookFault;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** The faults that are set; the first rule that matches applies. */
public final class Faults {
    private final Ids ids;
    private final List<Active> rules = new CopyOnWriteArrayList<>();

    Faults(Ids ids) {
        this.ids = ids;
    }

    /** What a rule is asked about. */
    public record Subject(
            @Nullable String path, @Nullable String recipient, @Nullable String phoneNumberId) {}

    private record Active(
            FaultRule rule,
            String id,
            @Nullable Pattern path,
            AtomicInteger left,
            AtomicInteger applied) {

        boolean matches(Subject subject) {
            var match = rule.match();
            return (path == null || (subject.path() != null && path.matcher(subject.path()).find()))
                    && (match.phoneNumberId() == null
                            || match.phoneNumberId().equals(subject.phoneNumberId()))
                    && (match.recipient() == null
                            || (subject.recipient() != null
                                    && plain(match.recipient())
                                            .equals(plain(subject.recipient()))));
        }

        /** Uses one of its times up; false when none was left. */
        boolean take() {
            if (rule.match().times() > 0 && left.getAndUpdate(n -> Math.max(0, n - 1)) == 0) {
                return false;
            }
            applied.incrementAndGet();
            return true;
        }
    }

    /** A rule and how often it has applied. */
    public record Status(String id, FaultRule rule, int applied) {}

    /** Adds a rule; a path that is no regular expression is an {@link IllegalArgumentException}. */
    public FaultRule add(FaultRule given) {
        var id = given.id() == null ? ids.letters(8) : given.id();
        var rule = new FaultRule(id, given.match(), given.effect());
        rules.add(
                new Active(
                        rule,
                        id,
                        pattern(rule.match()),
                        new AtomicInteger(rule.match().times()),
                        new AtomicInteger()));
        return rule;
    }

    private static @Nullable Pattern pattern(Match match) {
        try {
            return match.path() == null ? null : Pattern.compile(match.path());
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "path isn't a regular expression: " + e.getMessage(), e);
        }
    }

    public boolean remove(String id) {
        return rules.removeIf(active -> active.id().equals(id));
    }

    public List<Status> list() {
        return rules.stream()
                .map(active -> new Status(active.id(), active.rule(), active.applied().get()))
                .toList();
    }

    public Optional<Effect> onCall(Subject subject) {
        return rules.isEmpty() ? Optional.empty() : apply(subject, Effect::ofCalls);
    }

    public Optional<WebhookFault> onWebhook(Subject subject) {
        return apply(subject, effect -> effect.webhook() != null).map(Effect::webhook);
    }

    public Optional<Integer> failStatus(Subject subject) {
        return apply(subject, effect -> effect.failStatusCode() != null)
                .map(Effect::failStatusCode);
    }

    private Optional<Effect> apply(Subject subject, Predicate<Effect> kind) {
        for (var active : rules) {
            var probability = active.rule().match().probability();
            if (kind.test(active.rule().effect())
                    && active.matches(subject)
                    && ids.chance(probability <= 0 ? 1 : probability)
                    && active.take()) {
                return Optional.of(active.rule().effect());
            }
        }
        return Optional.empty();
    }

    private static String plain(String address) {
        return Customers.isUserId(address) ? address : address.replaceAll("\\D", "");
    }

    public void clear() {
        rules.clear();
    }
}
