package dev.gesher.benchmarks;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * One HTTP/1.1 connection that stays open and sends bytes made beforehand: a client that costs
 * little, since it takes its processor time from the server it measures.
 */
final class HttpConnection implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;

    /** An answer's headers fit into it. */
    private final byte[] buffer = new byte[16_384];

    private final Socket socket;
    private final InputStream in;
    private int filled;

    HttpConnection(int port) throws IOException {
        socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = socket.getInputStream();
    }

    /** The bytes of a POST; {@code headers} are lines without their ends. */
    static byte[] post(int port, String path, byte[] body, String... headers) {
        var head = new StringBuilder();
        head.append("POST ").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1:").append(port);
        for (var header : headers) {
            head.append("\r\n").append(header);
        }
        head.append("\r\nContent-Type: application/json\r\nContent-Length: ")
                .append(body.length)
                .append("\r\n\r\n");
        var first = head.toString().getBytes(StandardCharsets.ISO_8859_1);
        var all = new byte[first.length + body.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(body, 0, all, first.length, body.length);
        return all;
    }

    /**
     * Sends {@code request} and reads the whole answer.
     *
     * @throws IOException if the connection breaks or the status is another than {@code expected}
     */
    void exchange(byte[] request, int expected) throws IOException {
        socket.getOutputStream().write(request);
        filled = 0;
        int end = readHead();
        var head = new String(buffer, 0, end, StandardCharsets.ISO_8859_1);
        int status = Integer.parseInt(head.substring(9, 12));
        int length = contentLength(head);
        while (filled < end + length) {
            read();
        }
        if (status != expected) {
            throw new IOException(
                    "answered "
                            + status
                            + ": "
                            + new String(buffer, end, length, StandardCharsets.UTF_8));
        }
    }

    /** Reads up to the empty line; returns where the body begins. */
    private int readHead() throws IOException {
        for (int at = 3; ; at++) {
            while (at >= filled) {
                read();
            }
            if (buffer[at] == '\n' && buffer[at - 2] == '\n') {
                return at + 1;
            }
        }
    }

    private void read() throws IOException {
        int count = in.read(buffer, filled, buffer.length - filled);
        if (count <= 0) {
            throw new EOFException("the server ended the connection, or answers too much");
        }
        filled += count;
    }

    private static int contentLength(String head) throws IOException {
        var name = "\r\ncontent-length: ";
        int at = head.toLowerCase(Locale.ROOT).indexOf(name);
        if (at < 0) {
            throw new IOException("an answer without its length:\n" + head);
        }
        return Integer.parseInt(
                head.substring(at + name.length(), head.indexOf('\r', at + 2)).strip());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
