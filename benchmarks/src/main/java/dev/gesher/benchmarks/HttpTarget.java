package dev.gesher.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;

/**
 * What is asked over HTTP.
 *
 * @param port where, on this machine
 * @param requests the bytes of the next request of the connection with a number from 0
 * @param expected the only status that is right
 */
record HttpTarget(int port, IntFunction<byte[]> requests, int expected) {
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
}
