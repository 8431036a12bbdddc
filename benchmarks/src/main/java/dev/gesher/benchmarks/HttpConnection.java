package dev.gesher.benchmarks;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * One HTTP/1.1 connection that stays open, one request under way at a time; it never blocks, so
 * that one thread serves many.
 */
final class HttpConnection implements AutoCloseable {
    private static final byte[] LENGTH = "content-length: ".getBytes(StandardCharsets.ISO_8859_1);

    private final HttpTarget target;
    private final int number;
    private final SocketChannel channel;

    /** An answer fits into it. */
    private final byte[] answer = new byte[16_384];

    private final ByteBuffer in = ByteBuffer.wrap(answer);

    /** When the request was due, by {@link System#nanoTime}. */
    long due;

    HttpConnection(HttpTarget target, int number, Selector selector) throws IOException {
        this.target = target;
        this.number = number;
        channel =
                SocketChannel.open(
                        new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), target.port()));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        channel.register(selector, java.nio.channels.SelectionKey.OP_READ, this);
    }

    /** Sends the next request, which is small enough for the socket's buffer. */
    void ask() throws IOException {
        in.clear();
        var request = ByteBuffer.wrap(target.requests().apply(number));
        while (request.hasRemaining()) {
            channel.write(request);
        }
    }

    /**
     * Reads what has come; whether the answer is complete.
     *
     * @throws IOException if the connection has ended, or the status is another than expected
     */
    boolean read() throws IOException {
        if (channel.read(in) <= 0) {
            throw new EOFException("the server ended the connection, or answers too much");
        }
        int body = endOfHead();
        if (body < 0 || in.position() < body + contentLength(body)) {
            return false;
        }
        int status = (answer[9] - '0') * 100 + (answer[10] - '0') * 10 + answer[11] - '0';
        if (status != target.expected()) {
            throw new IOException(new String(answer, 0, in.position(), StandardCharsets.UTF_8));
        }
        return true;
    }

    /** Where the body begins, or -1. */
    private int endOfHead() {
        for (int at = 3; at < in.position(); at++) {
            if (answer[at] == '\n' && answer[at - 2] == '\n') {
                return at + 1;
            }
        }
        return -1;
    }

    private int contentLength(int end) throws IOException {
        for (int at = 0; at < end; at++) {
            if (answer[at] == '\n' && isLength(at + 1)) {
                int length = 0;
                for (int digit = at + 1 + LENGTH.length; answer[digit] != '\r'; digit++) {
                    length = length * 10 + answer[digit] - '0';
                }
                return length;
            }
        }
        throw new IOException(
                "an answer without its length:\n"
                        + new String(answer, 0, end, StandardCharsets.UTF_8));
    }

    private boolean isLength(int from) {
        for (int at = 0; at < LENGTH.length; at++) {
            if (Character.toLowerCase(answer[from + at]) != LENGTH[at]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
