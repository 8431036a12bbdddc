package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.Notices;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.GraphUnavailableException;
import dev.gesher.whatsapp.MediaAnswer;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.Sha256;
import dev.gesher.whatsapp.WhatsAppClient;
import dev.gesher.whatsapp.WhatsAppClients;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Clients that open their tenant's token from the vault when they call. */
@Singleton
final class GraphClients implements WhatsAppClients {
    private static final Logger log = LoggerFactory.getLogger(GraphClients.class);
    private static final Duration TEMPLATES_KEPT = Duration.ofMinutes(5);
    private static final int TEMPLATES_MAX = 10_000;
    private static final SendResult NO_VAULT =
            new SendResult.RetryLater(
                    "vault", SendResult.Scope.NUMBER, Optional.empty(), Optional.empty());

    private final GraphApi graph;
    private final Vault vault;
    private final MediaDownloads downloads;
    private final GraphTimeouts timeouts;
    private final Clock clock;
    private final Cache<TemplateKey, CompletableFuture<List<WhatsAppClient.TemplateVariant>>>
            templates;

    GraphClients(
            GraphApi graph,
            Vault vault,
            MediaDownloads downloads,
            GraphTimeouts timeouts,
            Notices notices,
            Clock clock) {
        this.graph = graph;
        this.vault = vault;
        this.downloads = downloads;
        this.timeouts = timeouts;
        this.clock = clock;
        this.templates =
                Caffeine.newBuilder()
                        .maximumSize(TEMPLATES_MAX)
                        .expireAfterWrite(TEMPLATES_KEPT)
                        .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
                        .build();
        notices.listen(TEMPLATE_CHANGED, new TemplateChanges());
    }

    private final class TemplateChanges implements Notices.Listener {
        @Override
        public void heard(TenantId tenant, String name) {
            templates
                    .asMap()
                    .keySet()
                    .removeIf(key ->
                            key.tenant().equals(tenant)
                                    && (name.isEmpty() || key.name().equals(name)));
        }

        @Override
        public void missed() {
            templates.invalidateAll();
        }
    }

    @Override
    public WhatsAppClient clientFor(TenantId tenant) {
        return new Client(tenant);
    }

    @Override
    public Duration longestSend() {
        return timeouts.longestSend();
    }

    private record TemplateKey(TenantId tenant, String wabaId, String name) {}

    private final class Client implements WhatsAppClient {
        private final TenantId tenant;

        Client(TenantId tenant) {
            this.tenant = tenant;
        }

        @Override
        public Prepared prepare(
                String phoneNumberId, Recipient to, MessageContent content, String opaque) {
            var began = clock.instant();
            final ObjectNode message;
            try {
                GraphIds.checked(phoneNumberId);
                message = GraphMessages.message(to, content, opaque);
            } catch (RuntimeException e) {
                // Its message may quote the content.
                log.error("message not writable: {}", e.getClass().getName());
                return () -> new SendResult.Refused("internal_error", Optional.empty());
            }
            final Optional<SecretText> token;
            try {
                token = token("graph.send");
            } catch (RuntimeException e) {
                // Whatever is wrong with it is so for all of the tenant's messages, and none left.
                log.warn("token did not open: {}", e.toString());
                return () -> NO_VAULT;
            }
            if (token.isEmpty()) {
                return () ->
                        new SendResult.LaneParked(
                                "no_token", ConnectionCause.TOKEN_INVALID, Optional.empty());
            }
            return () -> sent(token.get(), phoneNumberId, message, began);
        }

        private SendResult sent(
                SecretText token, String phoneNumberId, ObjectNode message, Instant began) {
            var result = SendResults.of(graph.sendMessage(token, phoneNumberId, message));
            return result instanceof SendResult.LaneParked parked
                            && parked.cause() == ConnectionCause.TOKEN_INVALID
                    ? refused(token, began, parked)
                    : result;
        }

        /** What Meta refused may be a copy of a token that another process has replaced since. */
        private SendResult refused(SecretText token, Instant began, SendResult.LaneParked parked) {
            Optional<SecretText> now;
            try {
                now = vault.open(tenant, SecretName.META_ACCESS_TOKEN, "graph.send", began);
            } catch (RuntimeException e) {
                log.warn("token did not open: {}", e.toString());
                return NO_VAULT;
            }
            return now.isPresent() && !now.get().matches(token)
                    ? new SendResult.RetryLater(
                            parked.code(),
                            SendResult.Scope.CALL,
                            Optional.empty(),
                            parked.fbtraceId())
                    : parked;
        }

        @Override
        public List<TemplateVariant> template(String wabaId, String name) {
            var key = new TemplateKey(tenant, wabaId, name);
            var mine = new CompletableFuture<List<TemplateVariant>>();
            var theirs = templates.asMap().putIfAbsent(key, mine);
            if (theirs != null) {
                return joined(theirs);
            }
            try {
                mine.complete(read(wabaId, name));
            } catch (RuntimeException e) {
                templates.asMap().remove(key, mine);
                mine.completeExceptionally(e);
                throw e;
            }
            return joined(mine);
        }

        private List<TemplateVariant> read(String wabaId, String name) {
            var token =
                    token("graph.templates")
                            .orElseThrow(() -> new GraphUnavailableException("no_token"));
            var readAt = clock.instant();
            var listing = GraphPages.all(after -> graph.templates(token, wabaId, name, after));
            return switch (listing) {
                case GraphPages.Listing.Failed(var reply) ->
                        throw new GraphUnavailableException(code(reply));
                case GraphPages.Listing.Items(var items) ->
                        items.stream()
                                // Graph's filter finds names that contain the word.
                                .filter(item -> name.equals(item.path("name").textValue()))
                                .map(item -> variant(item, readAt))
                                .toList();
            };
        }

        @Override
        public MediaAnswer openMedia(String mediaId, String phoneNumberId, Optional<String> url) {
            if (!GraphIds.isId(mediaId) || !GraphIds.isId(phoneNumberId)) {
                return notNow("no_object");
            }
            final Optional<SecretText> token;
            try {
                token = token("graph.media");
            } catch (RuntimeException e) {
                log.warn("token did not open: {}", e.toString());
                return notNow("vault");
            }
            if (token.isEmpty()) {
                return notNow("no_token");
            }
            if (url.isPresent()
                    && downloads.open(url.get(), token.get())
                            instanceof MediaDownloads.Result.Body body) {
                return opened(body, Optional.empty(), Optional.empty());
            }
            return switch (graph.media(token.get(), mediaId, phoneNumberId)) {
                case GraphReply.Success(var node) -> download(token.get(), node);
                case GraphReply.Refusal refusal when refusal.error().isNoObject() ->
                        notNow("no_object");
                case GraphReply.Refusal refusal ->
                        new MediaAnswer.NotNow(refusal.error().codeText(), refusal.after());
                case GraphReply reply -> notNow(code(reply));
            };
        }

        private MediaAnswer download(SecretText token, JsonNode node) {
            if (node.path("file_size").asLong(0) > MediaAnswer.MOST_BYTES) {
                return new MediaAnswer.TooLarge();
            }
            return switch (downloads.open(node.path("url").asText(""), token)) {
                case MediaDownloads.Result.Body body ->
                        opened(
                                body,
                                Optional.ofNullable(node.path("mime_type").textValue()),
                                Sha256.parse(node.path("sha256").asText("")));
                case MediaDownloads.Result.Failed(var code, var after) ->
                        new MediaAnswer.NotNow(code, after);
            };
        }

        private static MediaAnswer opened(
                MediaDownloads.Result.Body body,
                Optional<String> mimeType,
                Optional<Sha256> sha256) {
            var open = new MediaAnswer.Open(body.stream(), mimeType, sha256);
            if (body.length() <= MediaAnswer.MOST_BYTES) {
                return open;
            }
            try {
                open.close();
            } catch (IOException e) {
                log.debug("a connection did not close", e);
            }
            return new MediaAnswer.TooLarge();
        }

        private static MediaAnswer notNow(String code) {
            return new MediaAnswer.NotNow(code, Optional.empty());
        }

        private static TemplateVariant variant(JsonNode item, Instant readAt) {
            return new TemplateVariant(
                    item.path("name").asText(),
                    item.path("language").asText().replace('-', '_'),
                    item.path("status").asText(),
                    item.path("category").asText(),
                    item.path("parameter_format").asText("POSITIONAL"),
                    readAt);
        }

        private Optional<SecretText> token(String purpose) {
            return vault.open(tenant, SecretName.META_ACCESS_TOKEN, purpose);
        }
    }

    private static <T> T joined(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private static String code(GraphReply reply) {
        return switch (reply) {
            case GraphReply.Success _ -> "success";
            case GraphReply.Refusal refusal -> refusal.error().codeText();
            case GraphReply.Strange(var status) -> "http_" + status;
            case GraphReply.NeverLeft(var code) -> code;
            case GraphReply.NoAnswer(var code) -> code;
        };
    }
}
