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
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts what bodies of requests that are under way may take in memory: their declared length, or
 * the most a body may have where none is declared, from the first header to the last byte of the
 * answer. {@link BodyBound} refuses by it.
 */
@Singleton
public final class BodiesInFlight
        implements BeanCreatedEventListener<NettyServerCustomizer.Registry> {
    /** What all of them together may take (design §6). */
    static final long MOST = 64L << 20;

    /** The most one body may have, as the server is configured. */
    static final long MOST_EACH = 4L << 20;

    private final AtomicLong bytes = new AtomicLong();

    /** Whether more is under way than may be. */
    public boolean isFull() {
        return bytes.get() > MOST;
    }

    @Override
    public NettyServerCustomizer.Registry onCreated(
            BeanCreatedEvent<NettyServerCustomizer.Registry> event) {
        event.getBean().register(new Customizer(bytes, null));
        return event.getBean();
    }

    private record Customizer(AtomicLong bytes, @Nullable Channel channel)
            implements NettyServerCustomizer {
        @Override
        public NettyServerCustomizer specializeForChannel(Channel child, ChannelRole role) {
            return new Customizer(bytes, child);
        }

        @Override
        public void onStreamPipelineBuilt() {
            if (channel != null
                    && channel.pipeline().get(ChannelPipelineCustomizer.HANDLER_HTTP_SERVER_CODEC)
                            != null) {
                channel.pipeline()
                        .addAfter(
                                ChannelPipelineCustomizer.HANDLER_HTTP_SERVER_CODEC,
                                "gesher-bodies-in-flight",
                                new Count(bytes));
            }
        }
    }

    /** Runs on the channel's event loop only. */
    private static final class Count extends ChannelDuplexHandler {
        private final AtomicLong bytes;
        private long mine;

        Count(AtomicLong bytes) {
            this.bytes = bytes;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
            if (message instanceof HttpRequest request) {
                set(expected(request));
            }
            super.channelRead(context, message);
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
                throws Exception {
            if (message instanceof LastHttpContent) {
                set(0);
            }
            super.write(context, message, promise);
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            set(0);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) throws Exception {
            set(0);
            super.channelInactive(context);
        }

        private void set(long now) {
            bytes.addAndGet(now - mine);
            mine = now;
        }

        private static long expected(HttpRequest request) {
            if (HttpUtil.isTransferEncodingChunked(request)) {
                return MOST_EACH;
            }
            return Math.clamp(HttpUtil.getContentLength(request, 0L), 0, MOST_EACH);
        }
    }
}
