package dev.gesher.conversation;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.conversation.SendRequest.Idempotency;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.Tenants.NewTenant;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Worker;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.PhoneNumber;
import io.micronaut.context.ApplicationContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** Everything up to conversations as one process runs it; several make several replicas. */
public final class RunningGesher implements AutoCloseable {
    /** A customer in a range that libphonenumber knows. */
    public static final String CUSTOMER = "+972502345678";

    public static final String OTHER_CUSTOMER = "+972522345678";

    private final ApplicationContext context;
    private final TestDatabase database;
    private final SettableClock clock;

    private RunningGesher(ApplicationContext context, TestDatabase database, SettableClock clock) {
        this.context = context;
        this.database = database;
        this.clock = clock;
    }

    public static RunningGesher start(
            TestDatabase database, SettableClock clock, GraphSimulator simulator) {
        return start(database, clock, simulator, Map.of());
    }

    public static RunningGesher start(
            TestDatabase database,
            SettableClock clock,
            GraphSimulator simulator,
            Map<String, Object> more) {
        var properties = new HashMap<String, Object>(database.datasource());
        properties.put("datasources.default.connection-init-sql", "SET ROLE gesher_service");
        properties.put("datasources.default.maximum-pool-size", "8");
        properties.put("datasources.default.connection-timeout", "2000"); // as the product's
        properties.put("gesher.mode", "demo");
        properties.put(
                "gesher.data-dir",
                Path.of(
                                System.getProperty("java.io.tmpdir"),
                                "data-" + ProcessHandle.current().pid() + "-" + database.name())
                        .toString());
        properties.put("gesher.meta.app-id", simulator.options().appId());
        properties.put("gesher.meta.app-secret", simulator.options().appSecret());
        properties.put("gesher.meta.graph-url", simulator.graphUrl());
        properties.put("gesher.graph.connect", "1s");
        properties.put("gesher.graph.answer", "2s");
        properties.put("gesher.graph.acquire", "1s");
        properties.put("gesher.graph.send-answer", "2s");
        properties.put("gesher.dispatch.linger", "50ms");
        properties.putAll(more);
        var context = ApplicationContext.builder().properties(properties).singletons(clock).start();
        return new RunningGesher(context, database, clock);
    }

    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    public <T> java.util.Collection<T> beans(Class<T> type) {
        return context.getBeansOfType(type);
    }

    public Messages messages() {
        return bean(Messages.class);
    }

    public Conversations conversations() {
        return bean(Conversations.class);
    }

    public List<Events.Event> events(TenantId tenant) {
        return bean(Events.class).after(tenant, 0, 1000);
    }

    public List<String> eventTypes(TenantId tenant) {
        return events(tenant).stream().map(Events.Event::type).toList();
    }

    /** Starts the worker of that name. */
    public RunningGesher with(String worker) {
        context.getBeansOfType(Worker.class).stream()
                .filter(bean -> bean.name().equals(worker))
                .findFirst()
                .orElseThrow()
                .start();
        return this;
    }

    public TenantId newTenant() {
        return bean(Tenants.class).create(new NewTenant("מאפיית דנה", "he", "IL"), "operator").id();
    }

    /** A tenant that is connected with a simulated number. */
    public TenantId connectedTenant(GraphSimulator simulator, SimulatedNumber number) {
        var tenant = newTenant();
        connect(tenant, simulator, number);
        return tenant;
    }

    public void connect(TenantId tenant, GraphSimulator simulator, SimulatedNumber number) {
        var token = simulator.control().mintToken(number.wabaId());
        in(
                tenant,
                tx -> {
                    bean(Vault.class)
                            .store(
                                    tx,
                                    tenant,
                                    SecretName.META_ACCESS_TOKEN,
                                    SecretText.of(token),
                                    null);
                    setConnection(tx, tenant, number, "active");
                });
    }

    /** As the signup would, which tells the listeners in the same transaction. */
    private void setConnection(Tx tx, TenantId tenant, SimulatedNumber number, String status)
            throws SQLException {
        var connections = bean(Connections.class);
        var before = Optional.ofNullable(connections.find(tx, List.of(tenant)).get(tenant));
        tx.update(
                """
                INSERT INTO whatsapp_connections (tenant_id, waba_id, phone_number_id, display_phone_number, status,
                    status_since, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (tenant_id) DO UPDATE SET waba_id = excluded.waba_id, phone_number_id = excluded.phone_number_id,
                    display_phone_number = excluded.display_phone_number, status = excluded.status, status_cause = NULL
                """,
                tenant,
                number.wabaId(),
                number.phoneNumberId(),
                number.display(),
                status,
                clock.instant(),
                clock.instant(),
                clock.instant());
        Connection now = Objects.requireNonNull(connections.find(tx, List.of(tenant)).get(tenant));
        for (var listener : context.getBeansOfType(Connections.Listener.class)) {
            if (status.equals("active")) {
                listener.connected(tx, now, before);
            } else {
                listener.stopped(tx, now);
            }
        }
    }

    public void disconnect(TenantId tenant, SimulatedNumber number) {
        in(tenant, tx -> setConnection(tx, tenant, number, "disconnected"));
    }

    /** A customer's message as a webhook tells it; opens the window at the clock's time. */
    public void customerWrites(TenantId tenant, String phoneNumberId, String from, String text) {
        receive(
                tenant,
                phoneNumberId,
                inbound("wamid." + UUID.randomUUID(), from, clock.instant(), text));
    }

    public static InboundSignal.Message inbound(
            String wamid, String from, Instant at, String text) {
        return inbound(
                wamid,
                new InboundSignal.Person(
                        Optional.of(new PhoneNumber(from)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of("דנה"),
                        Optional.empty()),
                at,
                "text",
                "{\"type\":\"text\",\"text\":{\"body\":\"" + text + "\"}}",
                true);
    }

    public static InboundSignal.Message inbound(
            String wamid,
            InboundSignal.Person from,
            Instant at,
            String type,
            String contentJson,
            boolean opensWindow) {
        return new InboundSignal.Message(
                wamid,
                from,
                at,
                InboundSignal.Source.LIVE,
                true,
                type,
                contentJson,
                Optional.empty(),
                Optional.empty(),
                opensWindow,
                Optional.empty(),
                Optional.empty());
    }

    /** A status of a message of ours, found by the id we sent along. */
    public static InboundSignal.StatusUpdate status(
            MessageId message, int attempt, InboundSignal.Status status, Instant at) {
        return status(
                "wamid." + message + "." + attempt,
                status,
                at,
                Optional.of(message + "." + attempt),
                status == InboundSignal.Status.FAILED ? Optional.of("131026") : Optional.empty());
    }

    public static InboundSignal.StatusUpdate status(
            String wamid,
            InboundSignal.Status status,
            Instant at,
            Optional<String> opaque,
            Optional<String> error) {
        return new InboundSignal.StatusUpdate(
                wamid,
                status,
                at,
                opaque,
                InboundSignal.Person.of(Optional.empty(), Optional.empty()),
                error.map(code ->
                        new InboundSignal.MetaError(code, Optional.empty(), Optional.empty())),
                error.filter("131047"::equals).isPresent(),
                Optional.empty(),
                Optional.empty());
    }

    public void receive(TenantId tenant, String phoneNumberId, InboundSignal... signals) {
        var received = new ArrayList<Received>();
        for (var signal : signals) {
            received.add(new Received(tenant, phoneNumberId, signal, "test"));
        }
        in(tenant, tx -> bean(InboundListener.class).apply(tx, received));
    }

    public static SendRequest text(TenantId tenant, String to, String body) {
        return request(
                tenant,
                to,
                Optional.of(new MessageContent.Text(body, false)),
                Optional.empty(),
                Routing.AUTO,
                Optional.empty());
    }

    public static MessageContent.Template orderUpdate() {
        return new MessageContent.Template(
                "order_update",
                Optional.empty(),
                List.of(
                        new MessageContent.Parameter("first_name", "דנה"),
                        new MessageContent.Parameter("order_id", "A-17")),
                Optional.empty());
    }

    public static SendRequest template(TenantId tenant, String to) {
        return request(
                tenant,
                to,
                Optional.empty(),
                Optional.of(orderUpdate()),
                Routing.AUTO,
                Optional.empty());
    }

    public static SendRequest textOrTemplate(TenantId tenant, String to, String body) {
        return request(
                tenant,
                to,
                Optional.of(new MessageContent.Text(body, false)),
                Optional.of(orderUpdate()),
                Routing.AUTO,
                Optional.empty());
    }

    public static SendRequest request(
            TenantId tenant,
            String to,
            Optional<MessageContent> content,
            Optional<MessageContent.Template> template,
            Routing routing,
            Optional<Idempotency> idempotency) {
        return new SendRequest(
                tenant,
                tenant + ".client",
                to,
                content,
                template,
                routing,
                Optional.empty(),
                Optional.empty(),
                idempotency,
                "test");
    }

    /** The same request with a key; its fingerprint stands for the body. */
    public static SendRequest withKey(SendRequest request, String key, String body) {
        return new SendRequest(
                request.tenant(),
                request.clientId(),
                request.to(),
                request.content(),
                request.template(),
                request.routing(),
                request.reference(),
                request.expiresAt(),
                Optional.of(
                        new Idempotency(
                                key,
                                "POST",
                                "/v1/messages",
                                body.getBytes(StandardCharsets.UTF_8))),
                request.correlation());
    }

    public static SendRequest expiring(SendRequest request, Instant at) {
        return new SendRequest(
                request.tenant(),
                request.clientId(),
                request.to(),
                request.content(),
                request.template(),
                request.routing(),
                request.reference(),
                Optional.of(at),
                request.idempotency(),
                request.correlation());
    }

    /** Sends, and expects it to be accepted. */
    public SendAnswer.Accepted accepted(SendRequest request) {
        var answer = messages().send(request);
        if (answer instanceof SendAnswer.Accepted accepted) {
            return accepted;
        }
        throw new AssertionError(answer.toString());
    }

    public MessageView message(TenantId tenant, MessageId id) {
        return messages().find(tenant, id).orElseThrow();
    }

    public Tenant tenant(TenantId tenant) {
        return bean(Tenants.class).find(tenant).orElseThrow();
    }

    /** How many messages of a tenant are where {@code condition} says. */
    public long messages(TenantId tenant, String condition) {
        return count(
                "SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ? AND direction ="
                        + " 'outbound' AND "
                        + condition,
                tenant.value());
    }

    /** Fires the settle timer of a message as the timers' loop would. */
    public void settle(TenantId tenant, MessageId id) {
        fire(tenant, "message.settle", id.value());
    }

    /** Fires a timer as the timers' loop would. */
    public void fire(TenantId tenant, String kind, UUID object) {
        var handler =
                context.getBeansOfType(Timers.Handler.class).stream()
                        .filter(bean -> bean.kind().equals(kind))
                        .findFirst()
                        .orElseThrow();
        in(tenant, tx -> handler.due(tx, tenant, object));
    }

    /** Database work that returns nothing. */
    public interface Action {
        void run(Tx tx) throws SQLException;
    }

    public void in(TenantId tenant, Action action) {
        bean(TenantScope.class)
                .in(
                        tenant,
                        tx -> {
                            action.run(tx);
                            return true;
                        });
    }

    /** Runs a statement as someone whom no policy holds back. */
    public int asAdministrator(String sql, Object... arguments) {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            return statement.executeUpdate();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The one number that a query answers, asked as someone who sees every row. */
    public long count(String sql, Object... arguments) {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            try (var result = statement.executeQuery()) {
                result.next();
                return result.getLong(1);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    public static com.fasterxml.jackson.databind.JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        context.close();
    }

    /** A number of a simulated business. */
    public record SimulatedNumber(String wabaId, String phoneNumberId, String display) {
        public static SimulatedNumber of(GraphSimulator simulator, String display) {
            var business =
                    simulator
                            .control()
                            .createBusiness(
                                    dev.gesher.simulator.world.BusinessSpec.named("מאפיית דנה")
                                            .withNumber(
                                                    dev.gesher.simulator.world.NumberSpec.of(
                                                                    display)
                                                            .alreadyRegistered()));
            return new SimulatedNumber(business.wabaId(), business.phoneNumberId(), display);
        }
    }
}
