package dev.gesher.testkit;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands between the driver and PostgreSQL, reads the driver's messages (PostgreSQL documentation,
 * "Message Formats"), and does what a test wants at the moment of a COMMIT.
 */
public final class CuttingProxy implements AutoCloseable {
    private final ServerSocket listening;
    private final String host;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger commitsToCut = new AtomicInteger();
    private final AtomicInteger commitsSeen = new AtomicInteger();
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile boolean away;

    public CuttingProxy(String host, int port) throws IOException {
        this.host = host;
        this.port = port;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    /** Stands before a test's database. */
    public static CuttingProxy before(TestDatabase database) throws IOException {
        var server = server(database);
        return new CuttingProxy(server.getHost(), server.getPort());
    }

    /** The database's URL, by way of this. */
    public String jdbcUrl(TestDatabase database) {
        return database.jdbcUrl().replace(server(database).getAuthority(), "127.0.0.1:" + port());
    }

    private static URI server(TestDatabase database) {
        return URI.create(database.jdbcUrl().substring("jdbc:".length()));
    }

    /** Where it listens, on the loopback address. */
    public int port() {
        return listening.getLocalPort();
    }

    /**
     * From now on {@code count} COMMITs reach the server, which carries them out, but the
     * connection breaks before the driver hears of it.
     */
    public void loseAnswersToCommits(int count) {
        commitsToCut.set(count);
    }

    /** Holds every COMMIT back until {@link #letCommitsPass}. */
    public void holdCommits() {
        gate = new CountDownLatch(1);
    }

    /** Lets those pass that are held back. */
    public void letCommitsPass() {
        gate.countDown();
    }

    /** How many have come so far. */
    public int commitsSeen() {
        return commitsSeen.get();
    }

    /** Breaks every connection, and refuses new ones while {@code away}. */
    public void setAway(boolean away) {
        this.away = away;
        if (away) {
            sockets.forEach(CuttingProxy::closeQuietly);
        }
    }

    private void accept() {
        try {
            while (true) {
                var client = listening.accept();
                if (away) {
                    client.close();
                    continue;
                }
                var server = new Socket(host, port);
                sockets.add(client);
                sockets.add(server);
                var cut = new CountDownLatch(1);
                Thread.ofVirtual().start(() -> forward(client, server, cut));
                Thread.ofVirtual().start(() -> answer(server, client, cut));
            }
        } catch (SocketException e) {
            // closed
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void forward(Socket client, Socket server, CountDownLatch cut) {
        try (client;
                server) {
            var in = new DataInputStream(client.getInputStream());
            var out = new DataOutputStream(server.getOutputStream());
            // The first messages have no type: an SSL or GSS request (answered by one byte), then
            // the start-up message.
            int request;
            do {
                int length = in.readInt();
                byte[] body = in.readNBytes(length - 4);
                request =
                        ((body[0] & 0xff) << 24 | (body[1] & 0xff) << 16)
                                | ((body[2] & 0xff) << 8 | (body[3] & 0xff));
                out.writeInt(length);
                out.write(body);
                out.flush();
            } while (request != 196608 && request >> 16 == 1234);
            var statements = new HashMap<String, String>();
            while (true) {
                int type = in.readUnsignedByte();
                int length = in.readInt();
                byte[] body = in.readNBytes(length - 4);
                if (runs(type, body, statements).equalsIgnoreCase("COMMIT")) {
                    committing(cut);
                }
                out.writeByte(type);
                out.writeInt(length);
                out.write(body);
                out.flush();
            }
        } catch (EOFException | SocketException e) {
            // one side has gone
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void committing(CountDownLatch cut) throws InterruptedException {
        commitsSeen.incrementAndGet();
        gate.await();
        if (commitsToCut.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
            cut.countDown();
        }
    }

    /** The text of what a message will run: a simple query, or a Bind to an earlier Parse. */
    private static String runs(int type, byte[] body, Map<String, String> statements) {
        if (type != 'Q' && type != 'P' && type != 'B') {
            return "";
        }
        var texts = new String(body, StandardCharsets.UTF_8).split("\0", 3);
        return switch (type) {
            case 'Q' -> texts[0];
            case 'P' -> {
                statements.put(texts[0], texts[1]);
                yield "";
            }
            default -> statements.getOrDefault(texts[1], "");
        };
    }

    private static void answer(Socket server, Socket client, CountDownLatch cut) {
        try (client;
                server) {
            var in = server.getInputStream();
            OutputStream out = client.getOutputStream();
            byte[] some = new byte[8192];
            for (int n = in.read(some); n >= 0; n = in.read(some)) {
                if (cut.getCount() == 0) {
                    // The server has answered the COMMIT: it is done, and nobody is told.
                    return;
                }
                out.write(some, 0, n);
            }
        } catch (SocketException e) {
            // one side has gone
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        gate.countDown();
        listening.close();
        sockets.forEach(CuttingProxy::closeQuietly);
    }
}
