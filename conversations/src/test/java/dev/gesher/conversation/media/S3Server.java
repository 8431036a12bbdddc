package dev.gesher.conversation.media;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A small S3 over HTTP: put, get, delete and list in one bucket in the path. Every request must be
 * signed as Amazon's paper on Signature Version 4 says, over the hash of its very body; the
 * signature is reckoned here anew, without any of Amazon's code.
 */
final class S3Server implements AutoCloseable {
    static final String BUCKET = "gesher-media";
    static final String REGION = "il-central-1";
    static final String ACCESS_KEY = "AKIDEXAMPLE";
    static final String SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    private static final Pattern AUTHORIZATION =
            Pattern.compile(
                    "AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/([^/]+)/s3/aws4_request, ?"
                            + "SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})");

    private final HttpServer server;
    private final Map<String, byte[]> objects = new ConcurrentSkipListMap<>();
    private final List<String> refusals = new CopyOnWriteArrayList<>();
    private volatile boolean away;

    S3Server() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Object bytes by key. */
    Map<String, byte[]> objects() {
        return objects;
    }

    List<String> refusals() {
        return refusals;
    }

    /** Answers 503 from now on, or no more. */
    void away(boolean value) {
        away = value;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            var refusal = away ? "away" : refusal(exchange, body);
            if (!refusal.isEmpty()) {
                refusals.add(refusal);
                answer(
                        exchange,
                        away ? 503 : 403,
                        error(away ? "SlowDown" : "SignatureDoesNotMatch", refusal));
                return;
            }
            var path = exchange.getRequestURI().getPath();
            if (path.equals("/" + BUCKET) || path.equals("/" + BUCKET + "/")) {
                list(exchange);
                return;
            }
            if (!path.startsWith("/" + BUCKET + "/")) {
                answer(exchange, 404, error("NoSuchBucket", ""));
                return;
            }
            var key = path.substring(BUCKET.length() + 2);
            switch (exchange.getRequestMethod()) {
                case "PUT" -> {
                    objects.put(key, body);
                    exchange.getResponseHeaders().set("ETag", "\"etag\"");
                    exchange.sendResponseHeaders(200, -1);
                }
                case "GET" -> {
                    var object = objects.get(key);
                    if (object == null) {
                        answer(exchange, 404, error("NoSuchKey", ""));
                    } else {
                        answer(exchange, 200, object);
                    }
                }
                case "DELETE" -> {
                    objects.remove(key);
                    exchange.sendResponseHeaders(204, -1);
                }
                default -> exchange.sendResponseHeaders(405, -1);
            }
        }
    }

    private void list(HttpExchange exchange) throws IOException {
        var query = query(exchange.getRequestURI().getRawQuery());
        var prefix = query.getOrDefault("prefix", "");
        int most = Integer.parseInt(query.getOrDefault("max-keys", "1000"));
        var found = objects.keySet().stream().filter(key -> key.startsWith(prefix)).toList();
        var shown = found.subList(0, Math.min(most, found.size()));
        var xml =
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><Name>"
                        + BUCKET
                        + "</Name><IsTruncated>"
                        + (shown.size() < found.size())
                        + "</IsTruncated>"
                        + shown.stream()
                                .map(key -> "<Contents><Key>" + key + "</Key></Contents>")
                                .collect(Collectors.joining())
                        + "</ListBucketResult>";
        answer(exchange, 200, xml.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] error(String code, String message) {
        return ("<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    /** What is wrong with the signature, or nothing. */
    private static String refusal(HttpExchange exchange, byte[] body) {
        var headers = exchange.getRequestHeaders();
        var given = AUTHORIZATION.matcher(String.valueOf(headers.getFirst("Authorization")));
        if (!given.matches()) {
            return "not signed";
        }
        if (!given.group(1).equals(ACCESS_KEY) || !given.group(3).equals(REGION)) {
            return "another's credential";
        }
        var hash = String.valueOf(headers.getFirst("x-amz-content-sha256"));
        // What has no body may say so.
        boolean nothing = hash.equals("UNSIGNED-PAYLOAD") && body.length == 0;
        if (!nothing && !hash.equals(hex(sha256(body)))) {
            return "another body";
        }
        var time = String.valueOf(headers.getFirst("x-amz-date"));
        var signed = List.of(given.group(4).split(";", -1));
        if (!signed.containsAll(List.of("host", "x-amz-content-sha256", "x-amz-date"))
                || !time.startsWith(given.group(2))) {
            return "too little is signed";
        }
        var canonical = new ArrayList<String>();
        canonical.add(exchange.getRequestMethod());
        canonical.add(path(exchange.getRequestURI().getPath()));
        canonical.add(
                new TreeMap<>(query(exchange.getRequestURI().getRawQuery()))
                        .entrySet().stream()
                                .map(it -> encoded(it.getKey()) + "=" + encoded(it.getValue()))
                                .collect(Collectors.joining("&")));
        for (var name : signed) {
            canonical.add(
                    name.toLowerCase(Locale.ROOT)
                            + ":"
                            + String.valueOf(headers.getFirst(name)).strip());
        }
        canonical.add("");
        canonical.add(given.group(4));
        canonical.add(hash);
        var scope = given.group(2) + "/" + REGION + "/s3/aws4_request";
        var toSign =
                String.join(
                        "\n",
                        "AWS4-HMAC-SHA256",
                        time,
                        scope,
                        hex(sha256(String.join("\n", canonical).getBytes(StandardCharsets.UTF_8))));
        byte[] key = ("AWS4" + SECRET_KEY).getBytes(StandardCharsets.UTF_8);
        for (var part : List.of(given.group(2), REGION, "s3", "aws4_request", toSign)) {
            key = hmac(key, part);
        }
        return hex(key).equals(given.group(5)) ? "" : "a wrong signature";
    }

    private static String path(String path) {
        return List.of(path.split("/", -1)).stream()
                .map(S3Server::encoded)
                .collect(Collectors.joining("/"));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
    }

    private static Map<String, String> query(String raw) {
        var query = new TreeMap<String, String>();
        if (raw != null) {
            for (var pair : raw.split("&", -1)) {
                var parts = pair.split("=", 2);
                query.put(decoded(parts[0]), parts.length == 2 ? decoded(parts[1]) : "");
            }
        }
        return query;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
