package dev.gesher.conversation.outbound;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.MessageView;
import dev.gesher.conversation.Messages;
import dev.gesher.conversation.SendAnswer;
import dev.gesher.conversation.SendRequest;
import dev.gesher.conversation.outbound.AcceptBatch.Judgement;
import dev.gesher.conversation.outbound.AcceptItem.Outcome;
import dev.gesher.conversation.reading.MessageReader;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Traces;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.whatsapp.MessageContents;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Takes requests to send: reads them, asks Meta about templates, and has them kept in batches. */
@Singleton
final class Sending implements Messages {
    /**
     * A transaction keeps about two processors busy, one here and one in the database; more at once
     * would only make each smaller.
     */
    private static final int WRITERS =
            Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4);

    private static final BatchWriter.Bounds BOUNDS =
            new BatchWriter.Bounds(WRITERS, 20_000, 64L << 20);

    /** A tenant does not change its WABA twice while it sends one message. */
    private static final int TRIES = 5;

    private static final Meters.Times LATENCY =
            Meters.times(
                            "gesher.accept.latency",
                            "From a request to send, read, to its durable answer",
                            "outcome")
                    .known("allowed")
                    .known("deferred")
                    .known("blocked")
                    .known("invalid")
                    .known("key_reused")
                    .known("failed");

    private final Templates templates;
    private final MessageContents contents;
    private final MessageReader reader;
    private final TenantScope scope;
    private final AcceptBatch batch;
    private final Traces traces;
    private final BatchWriter<AcceptItem, Outcome> writer;

    Sending(
            Templates templates,
            MessageContents contents,
            MessageReader reader,
            TenantScope scope,
            AcceptBatch batch,
            BatchWriters writers,
            Traces traces) {
        this.templates = templates;
        this.contents = contents;
        this.reader = reader;
        this.scope = scope;
        this.batch = batch;
        this.traces = traces;
        this.writer = writers.start("accept", BOUNDS, batch);
    }

    @Override
    public SendAnswer send(SendRequest request) {
        long began = System.nanoTime();
        String outcome = "failed";
        var trace = traces.begin("message.accept", request.traceParent().orElse(null));
        try {
            var answer =
                    switch (Shape.read(request)) {
                        case Shape.Read.Bad(var code, var pointer) ->
                                new SendAnswer.Invalid(code, pointer);
                        case Shape.Read.Good(var shape) -> send(request, shape, trace);
                    };
            outcome = outcome(answer);
            return answer;
        } finally {
            LATENCY.since(began, outcome);
            trace.note("tenant", request.tenant()).note("outcome", outcome).close();
        }
    }

    private static String outcome(SendAnswer answer) {
        return switch (answer) {
            case SendAnswer.Accepted accepted ->
                    accepted.notBefore().isPresent() ? "deferred" : "allowed";
            case SendAnswer.Blocked _ -> "blocked";
            case SendAnswer.Invalid _ -> "invalid";
            case SendAnswer.KeyReused _ -> "key_reused";
        };
    }

    private SendAnswer send(SendRequest request, Shape shape, Traces.Part trace) {
        var id = new MessageId(UuidCreator.getTimeOrderedEpoch());
        trace.note("message", id);
        for (int i = 0; i < TRIES; i++) {
            switch (writer.write(item(id, request, shape, trace.traceParent()))) {
                case Outcome.Answered(var answer) -> {
                    return answer;
                }
                case Outcome.AskAgain() -> templates.forget(request.tenant());
            }
        }
        throw new DatabaseUnavailableException("the connection keeps changing");
    }

    @Override
    public Precheck precheck(SendRequest request) {
        return switch (Shape.read(request)) {
            case Shape.Read.Bad(var code, var pointer) -> new Precheck.Invalid(code, pointer);
            case Shape.Read.Good(var shape) -> precheck(request, shape);
        };
    }

    private Precheck precheck(SendRequest request, Shape shape) {
        var id = new MessageId(UuidCreator.getTimeOrderedEpoch());
        for (int i = 0; i < TRIES; i++) {
            var item = item(id, request, shape, null);
            switch (scope.in(request.tenant(), tx -> batch.precheck(tx, item))) {
                case Judgement.Decided(var decision) -> {
                    return new Precheck.Decided(decision);
                }
                case Judgement.Wrong(var code, var pointer) -> {
                    return new Precheck.Invalid(code, pointer);
                }
                case Judgement.AskAgain() -> templates.forget(request.tenant());
            }
        }
        throw new DatabaseUnavailableException("the connection keeps changing");
    }

    @Override
    public Optional<MessageView> find(TenantId tenant, MessageId message) {
        return reader.find(tenant, message);
    }

    private AcceptItem item(
            MessageId id, SendRequest request, Shape shape, @Nullable String traceParent) {
        var asked =
                shape.template()
                        .map(template -> templates.ask(request.tenant(), template.name()))
                        .orElse(Templates.Asked.NOTHING);
        return new AcceptItem(id, request, shape, shape.json(contents), asked, traceParent);
    }

    @PreDestroy
    void close() {
        writer.close();
    }
}
