package dev.gesher.app.webhooks;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import org.jspecify.annotations.Nullable;

/** A signed body on its way in; lives on one event loop until it is complete. */
final class DirectRequest {
    private final HttpRequest request;
    private final String correlation;
    private final byte[] body;
    private final long began = System.nanoTime();
    private int filled;

    DirectRequest(HttpRequest request) {
        this.request = request;
        this.correlation = DirectIntake.correlation(request);
        this.body = new byte[(int) HttpUtil.getContentLength(request)];
    }

    /** Takes what has come; false if that is more than was announced. */
    boolean add(ByteBuf bytes) {
        int count = bytes.readableBytes();
        if (count > body.length - filled) {
            return false;
        }
        bytes.readBytes(body, filled, count);
        filled += count;
        return true;
    }

    boolean isComplete() {
        return filled == body.length;
    }

    HttpRequest request() {
        return request;
    }

    byte[] body() {
        return body;
    }

    String correlation() {
        return correlation;
    }

    @Nullable String signature() {
        return request.headers().get(WebhookController.SIGNATURE);
    }

    /** Nanoseconds since its headers had come. */
    long age() {
        return System.nanoTime() - began;
    }
}
