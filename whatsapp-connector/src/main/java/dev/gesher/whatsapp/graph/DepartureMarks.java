package dev.gesher.whatsapp.graph;

import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import io.micronaut.http.client.netty.NettyClientCustomizer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import jakarta.inject.Singleton;
import java.nio.channels.ClosedChannelException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Knows of every call whether its request began to leave. An exception alone does not say: a
 * timeout may be that of the connection or that of the answer, and only the second leaves it open
 * whether a message was sent.
 *
 * <p>Each request carries a mark in a header; the last handler before the wire notes the mark and
 * takes the header away.
 */
@Singleton
final class DepartureMarks implements BeanCreatedEventListener<NettyClientCustomizer.Registry> {
    static final String HEADER = "x-gesher-departure";

    private final AtomicLong next = new AtomicLong();
    // The marks of calls under way, and whether each has left.
    private final Map<String, Boolean> underWay = new ConcurrentHashMap<>();

    /** The mark of a call that begins. */
    String begin() {
        String mark = Long.toString(next.incrementAndGet());
        underWay.put(mark, false);
        return mark;
    }

    /**
     * Ends a call and says whether its request began to leave. One that has not will not: should
     * the client still try, it is stopped.
     */
    boolean endAndSayWhetherItLeft(String mark) {
        return Boolean.TRUE.equals(underWay.remove(mark));
    }

    @Override
    public NettyClientCustomizer.Registry onCreated(
            BeanCreatedEvent<NettyClientCustomizer.Registry> event) {
        event.getBean().register(new Customizer(null));
        return event.getBean();
    }

    ChannelHandler noter() {
        return new Noter();
    }

    private final class Customizer implements NettyClientCustomizer {
        private final @Nullable Channel channel;

        Customizer(@Nullable Channel channel) {
            this.channel = channel;
        }

        @Override
        public NettyClientCustomizer specializeForChannel(Channel channel, ChannelRole role) {
            return new Customizer(channel);
        }

        @Override
        public void onStreamPipelineBuilt() {
            if (channel != null) {
                channel.pipeline().addLast("gesher-departure", noter());
            }
        }
    }

    private final class Noter extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            if (message instanceof HttpRequest request) {
                String mark = request.headers().get(HEADER);
                if (mark != null) {
                    request.headers().remove(HEADER);
                    if (underWay.computeIfPresent(mark, (_, _) -> true) == null) {
                        // Its caller has been told already that it never left.
                        ReferenceCountUtil.release(message);
                        promise.setFailure(new ClosedChannelException());
                        var _ = context.close();
                        return;
                    }
                }
            }
            var _ = context.write(message, promise);
        }
    }
}
