package dev.gesher.conversation.outbound;

import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.SendAnswer;
import dev.gesher.conversation.SendRequest;
import dev.gesher.conversation.outbound.AcceptItem.Outcome;
import dev.gesher.tenant.TenantId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The requests of a batch with those of equal idempotency keys joined: the first leads. */
record JoinedRequests(List<AcceptItem> leaders, Map<MessageId, AcceptItem> leaderOf) {
    static JoinedRequests of(List<AcceptItem> items) {
        var byKey = new LinkedHashMap<Key, AcceptItem>();
        var leaders = new ArrayList<AcceptItem>();
        var leaderOf = new HashMap<MessageId, AcceptItem>();
        for (var item : items) {
            var leader =
                    item.request()
                            .idempotency()
                            .map(key -> byKey.computeIfAbsent(key(item, key), ignored -> item))
                            .orElse(item);
            leaderOf.put(item.id(), leader);
            if (isSame(leader, item)) {
                leaders.add(item);
            }
        }
        return new JoinedRequests(List.copyOf(leaders), Map.copyOf(leaderOf));
    }

    /** One outcome per item: the leaders' own, for the others what follows from it. */
    List<Outcome> answers(List<AcceptItem> items, Map<MessageId, Outcome> ofLeaders) {
        var outcomes = new ArrayList<Outcome>();
        for (var item : items) {
            var leader = leaderOf.getOrDefault(item.id(), item);
            var outcome = ofLeaders.get(leader.id());
            if (outcome == null) {
                throw new IllegalStateException("a request was not answered");
            }
            outcomes.add(isSame(leader, item) ? outcome : following(item, leader, outcome));
        }
        return outcomes;
    }

    private static Outcome following(AcceptItem item, AcceptItem leader, Outcome outcome) {
        return switch (outcome) {
            case Outcome.AskAgain again -> again;
            case Outcome.Answered(SendAnswer.Invalid invalid) ->
                    // Nothing was kept under the key, so a different request is a first one too.
                    sameRequest(item, leader)
                            ? new Outcome.Answered(invalid)
                            : new Outcome.AskAgain();
            case Outcome.Answered(SendAnswer.KeyReused ignored) -> new Outcome.AskAgain();
            case Outcome.Answered(var answer) ->
                    new Outcome.Answered(
                            sameRequest(item, leader)
                                    ? Answers.replayed(answer)
                                    : new SendAnswer.KeyReused());
        };
    }

    private static boolean isSame(AcceptItem one, AcceptItem other) {
        return one.id().equals(other.id());
    }

    private static boolean sameRequest(AcceptItem one, AcceptItem other) {
        return Arrays.equals(fingerprint(one), fingerprint(other));
    }

    private static byte[] fingerprint(AcceptItem item) {
        return item.request().idempotency().orElseThrow().fingerprint();
    }

    private static Key key(AcceptItem item, SendRequest.Idempotency key) {
        return new Key(
                item.request().tenant(),
                item.request().clientId(),
                key.method(),
                key.path(),
                key.key());
    }

    private record Key(TenantId tenant, String clientId, String method, String path, String key) {}
}
