package dev.gesher.app.http;

import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import io.micronaut.http.netty.channel.ChannelPipelineCustomizer;
import io.micronaut.http.server.netty.NettyServerCustomizer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Cuts off whoever takes too long over a request. Idle timeouts don't: a client that sends a byte
 * every minute is never idle, and holds a connection and a part of a body for as long as it likes.
 */
@Singleton
final class SlowClients implements BeanCreatedEventListener<NettyServerCustomizer.Registry> {
    private final SlowClientSettings settings;

    SlowClients(SlowClientSettings settings) {
        this.settings = settings;
    }

    @Override
    public NettyServerCustomizer.Registry onCreated(
            BeanCreatedEvent<NettyServerCustomizer.Registry> event) {
        event.getBean().register(new Customizer(settings, null));
        return event.getBean();
    }

    private record Customizer(SlowClientSettings settings, @Nullable Channel channel)
            implements NettyServerCustomizer {
        @Override
        public NettyServerCustomizer specializeForChannel(Channel child, ChannelRole role) {
            return new Customizer(settings, child);
        }

        @Override
        public void onStreamPipelineBuilt() {
            if (channel != null
                    && channel.pipeline().get(ChannelPipelineCustomizer.HANDLER_HTTP_SERVER_CODEC)
                            != null) {
                channel.pipeline()
                        .addAfter(
                                ChannelPipelineCustomizer.HANDLER_HTTP_SERVER_CODEC,
                                "gesher-slow-clients",
                                new Deadline(settings));
            }
        }
    }

    /** Runs on the channel's event loop only. */
    static final class Deadline extends ChannelDuplexHandler {
        private final SlowClientSettings settings;
        private @Nullable ScheduledFuture<?> end;

        Deadline(SlowClientSettings settings) {
            this.settings = settings;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            allow(context, settings.toBegin());
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            stop();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) throws Exception {
            stop();
            super.channelInactive(context);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
            if (message instanceof HttpRequest) {
                allow(context, settings.toSend());
            }
            if (message instanceof LastHttpContent) {
                stop();
            }
            super.channelRead(context, message);
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
                throws Exception {
            if (message instanceof LastHttpContent && end == null) {
                allow(context, settings.toBegin());
            }
            super.write(context, message, promise);
        }

        private void allow(ChannelHandlerContext context, Duration longest) {
            stop();
            end =
                    context.executor()
                            .schedule(
                                    () -> {
                                        var _ = context.close();
                                    },
                                    longest.toMillis(),
                                    TimeUnit.MILLISECONDS);
        }

        private void stop() {
            if (end != null) {
                end.cancel(false);
                end = null;
            }
        }
    }
}
