package dev.gesher.whatsapp.graph;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server at the level of sockets, for what a well-behaved one never does. */
final class SocketServer implements AutoCloseable {
    /** What to do with a connection once a request was read from it. */
    interface Behaviour {
        void answer(Socket socket) throws Exception;
    }

    private final ServerSocket server;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    SocketServer(Behaviour behaviour) throws IOException {
        this(true, behaviour);
    }

    SocketServer(boolean readsRequests, Behaviour behaviour) throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual()
                .start(() -> {
                    while (!server.isClosed()) {
                        try {
                            var socket = server.accept();
                            sockets.add(socket);
                            Thread.ofVirtual().start(() -> serve(socket, readsRequests, behaviour));
                        } catch (IOException e) {
                            return;
                        }
                    }
                });
    }

    private void serve(Socket socket, boolean readsRequests, Behaviour behaviour) {
        try {
            do {
                if (readsRequests) {
                    String request = readRequest(socket);
                    if (request.isEmpty()) {
                        return;
                    }
                    requests.add(request);
                }
                behaviour.answer(socket);
            } while (readsRequests && !socket.isClosed());
        } catch (Exception e) {
            // The client went away, which some tests want.
        }
    }

    private static String readRequest(Socket socket) throws IOException {
        var bytes = new ByteArrayOutputStream();
        int expected = -1;
        while (true) {
            int one = socket.getInputStream().read();
            if (one < 0) {
                return "";
            }
            bytes.write(one);
            String soFar = bytes.toString(StandardCharsets.UTF_8);
            int end = soFar.indexOf("\r\n\r\n");
            if (end >= 0 && expected < 0) {
                expected = end + 4 + length(soFar);
            }
            if (expected >= 0 && bytes.size() >= expected) {
                return soFar;
            }
        }
    }

    private static int length(String head) {
        for (String line : head.split("\r\n", -1)) {
            if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
                return Integer.parseInt(line.substring("content-length:".length()).strip());
            }
        }
        return 0;
    }

    static void write(Socket socket, String status, String type, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        write(
                socket,
                "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                        .formatted(status, type, bytes.length));
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    /** Closes so that the other side sees a reset. */
    static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    List<String> requests() {
        return requests;
    }

    int connections() {
        return sockets.size();
    }

    int port() {
        return server.getLocalPort();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + port());
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (var socket : sockets) {
            socket.close();
        }
    }
}
