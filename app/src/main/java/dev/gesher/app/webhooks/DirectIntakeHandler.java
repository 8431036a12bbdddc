package dev.gesher.app.webhooks;

import dev.gesher.whatsapp.WebhookIntake.Receipt;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * One connection's part of {@link DirectIntake}, between the HTTP codec and Micronaut. Answers keep
 * the order of their requests: while Micronaut owes one, all requests go to it; while one waits
 * here for its commit, or the client does not take its answers, nothing more is read, and what was
 * read already waits. Runs on the connection's event loop only.
 */
final class DirectIntakeHandler extends ChannelDuplexHandler {
    private final DirectIntake intake;

    /** What came behind a request that is not answered yet. */
    private final ArrayDeque<Object> behind = new ArrayDeque<>();

    /** Answers that Micronaut owes. */
    private int owed;

    /** The request whose body is coming. */
    private @Nullable DirectRequest coming;

    /** Whether a body waits for its commit. */
    private boolean waiting;

    private boolean readWanted;
    private @Nullable ChannelPromise closeWanted;

    DirectIntakeHandler(DirectIntake intake) {
        this.intake = intake;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (isHeld(context)) {
            behind.add(message);
        } else {
            pass(context, message);
        }
    }

    /** Also while the client does not take its answers: they would gather here without bound. */
    private boolean isHeld(ChannelHandlerContext context) {
        return waiting || (owed == 0 && !context.channel().isWritable());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!waiting) {
            resume(context);
        }
        context.fireChannelWritabilityChanged();
    }

    private void pass(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest request) {
            if (owed == 0 && intake.takes(request)) {
                coming = new DirectRequest(request);
                return;
            }
            owed++;
        } else if (coming != null && message instanceof HttpContent content) {
            try {
                take(context, coming, content);
            } finally {
                content.release();
            }
            return;
        }
        context.fireChannelRead(message);
    }

    private void take(ChannelHandlerContext context, DirectRequest request, HttpContent content) {
        if (!content.decoderResult().isSuccess() || !request.add(content.content())) {
            coming = null;
            var _ = context.close();
        } else if (content instanceof LastHttpContent) {
            coming = null;
            if (request.isComplete()) {
                store(context, request);
            } else {
                var _ = context.close();
            }
        }
    }

    private void store(ChannelHandlerContext context, DirectRequest request) {
        waiting = true;
        boolean taken;
        try (var _ = MDC.putCloseable("correlation", request.correlation())) {
            taken = intake.take(request, receipt -> done(context, request, receipt));
        } catch (RuntimeException | Error e) {
            waiting = false; // else nobody could end the connection any more
            var _ = context.close();
            throw e;
        }
        if (!taken) {
            waiting = false;
            owed++;
            context.fireChannelRead(request.request());
            context.fireChannelRead(
                    new DefaultLastHttpContent(Unpooled.wrappedBuffer(request.body())));
        }
    }

    /** In the writer's thread, as a rule. */
    private void done(ChannelHandlerContext context, DirectRequest request, Receipt receipt) {
        var loop = context.executor();
        if (loop.inEventLoop()) {
            answer(context, request, receipt);
        } else {
            loop.execute(() -> answer(context, request, receipt));
        }
    }

    private void answer(ChannelHandlerContext context, DirectRequest request, Receipt receipt) {
        waiting = false;
        if (!context.channel().isActive()) {
            return;
        }
        var response = intake.answers().of(request, receipt);
        boolean ends = closeWanted != null || !HttpUtil.isKeepAlive(request.request());
        if (ends) {
            HttpUtil.setKeepAlive(response, false);
        }
        var written =
                context.writeAndFlush(
                        response, ends ? context.newPromise() : context.voidPromise());
        if (closeWanted != null) {
            var promise = closeWanted;
            var _ =
                    written.addListener(ignored -> {
                        var _ = context.close(promise);
                    });
        } else if (ends) {
            var _ = written.addListener(ChannelFutureListener.CLOSE);
        } else {
            resume(context);
        }
    }

    /** Goes on with what came meanwhile, then reads on if that was wanted. */
    private void resume(ChannelHandlerContext context) {
        boolean passed = false;
        while (!isHeld(context) && !behind.isEmpty()) {
            pass(context, behind.remove());
            passed = true;
        }
        if (passed) {
            context.fireChannelReadComplete();
        }
        if (readWanted && !isHeld(context)) {
            readWanted = false;
            context.read();
        }
    }

    @Override
    public void read(ChannelHandlerContext context) {
        if (isHeld(context)) {
            readWanted = true;
        } else {
            context.read();
        }
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof LastHttpContent && !isInterim(message)) {
            owed--;
        }
        var _ = context.write(message, promise);
    }

    private static boolean isInterim(Object message) {
        return message instanceof HttpResponse response
                && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    }

    /** Whoever ends a connection in peace waits for the answer to what has begun here. */
    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (waiting || coming != null) {
            closeWanted = promise;
        } else {
            var _ = context.close(promise);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        forget();
        context.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        forget();
    }

    private void forget() {
        coming = null;
        behind.forEach(ReferenceCountUtil::release);
        behind.clear();
    }
}
