package dev.gesher.app.webhooks;

import dev.gesher.app.config.Role;
import dev.gesher.app.config.Settings;
import dev.gesher.app.http.BodiesInFlight;
import dev.gesher.app.http.Correlation;
import dev.gesher.whatsapp.WebhookIntake;
import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import io.micronaut.http.netty.channel.ChannelPipelineCustomizer;
import io.micronaut.http.server.netty.NettyServerCustomizer;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import jakarta.inject.Singleton;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes ordinary signed bodies on the event loop itself, ahead of routing, filters and threads:
 * nearly all of Meta's traffic. Whatever is not plainly one (large, without a length, encoded,
 * badly signed, on another port, while too much is under way …) goes the way of every request, to
 * {@link WebhookController}.
 */
@Singleton
final class DirectIntake implements BeanCreatedEventListener<NettyServerCustomizer.Registry> {
    /** The longest body that is worked on here: a longer one would keep others waiting. */
    static final int LONGEST = 64 << 10;

    private final WebhookIntake intake;
    private final BodiesInFlight bodies;
    private final WebhookAnswers answers;
    private final Settings settings;
    private final LongAdder taken = new LongAdder();

    DirectIntake(
            WebhookIntake intake,
            BodiesInFlight bodies,
            WebhookAnswers answers,
            Settings settings) {
        this.intake = intake;
        this.bodies = bodies;
        this.answers = answers;
        this.settings = settings;
    }

    @Override
    public NettyServerCustomizer.Registry onCreated(
            BeanCreatedEvent<NettyServerCustomizer.Registry> event) {
        if (settings.has(Role.INTAKE)) {
            event.getBean().register(new Customizer(this, null));
        }
        return event.getBean();
    }

    private record Customizer(DirectIntake intake, @Nullable Channel channel)
            implements NettyServerCustomizer {
        @Override
        public NettyServerCustomizer specializeForChannel(Channel child, ChannelRole role) {
            return new Customizer(intake, child);
        }

        @Override
        public void onStreamPipelineBuilt() {
            if (channel != null && isHttp1(channel) && intake.isApi(channel)) {
                channel.pipeline()
                        .addBefore(
                                ChannelPipelineCustomizer.HANDLER_MICRONAUT_INBOUND,
                                "gesher-direct-intake",
                                new DirectIntakeHandler(intake));
            }
        }

        private static boolean isHttp1(Channel channel) {
            var pipeline = channel.pipeline();
            return pipeline.get(ChannelPipelineCustomizer.HANDLER_HTTP_SERVER_CODEC) != null
                    && pipeline.get(ChannelPipelineCustomizer.HANDLER_MICRONAUT_INBOUND) != null;
        }
    }

    private boolean isApi(Channel channel) {
        return channel.localAddress() instanceof InetSocketAddress address
                && address.getPort() == settings.ports().api();
    }

    /** Whether a request is plainly a signed body of ordinary length. */
    boolean takes(HttpRequest request) {
        var headers = request.headers();
        if (!request.decoderResult().isSuccess()
                || !HttpMethod.POST.equals(request.method())
                || !WebhookController.PATH.equals(request.uri())
                || !HttpVersion.HTTP_1_1.equals(request.protocolVersion())
                || headers.contains(HttpHeaderNames.TRANSFER_ENCODING)
                || headers.contains(HttpHeaderNames.EXPECT)) {
            return false;
        }
        long length = HttpUtil.getContentLength(request, -1L);
        return length > 0
                && length <= LONGEST
                && !bodies.isFull()
                && intake.mayBeRead(
                        headers.get(WebhookController.SIGNATURE),
                        headers.get(HttpHeaderNames.CONTENT_ENCODING),
                        length);
    }

    /** Has a body stored and {@code done} told; false if that would have to wait. */
    boolean take(DirectRequest request, Consumer<WebhookIntake.Receipt> done) {
        boolean takes =
                intake.tryReceive(request.body(), request.signature(), request.correlation(), done);
        if (takes) {
            taken.increment();
        }
        return takes;
    }

    /** How many bodies were taken here. */
    long taken() {
        return taken.sum();
    }

    /** The correlation id that a request gets, or brought. */
    static String correlation(HttpRequest request) {
        return Correlation.accepted(request.headers().get(Correlation.HEADER));
    }

    WebhookAnswers answers() {
        return answers;
    }
}
