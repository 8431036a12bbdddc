package dev.gesher.simulator.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A {@code multipart/form-data} body, taken apart. */
public record Multipart(List<Part> parts) {
    private static final Pattern BOUNDARY = Pattern.compile("boundary=(?:\"([^\"]+)\"|([^;\\s]+))");
    private static final Pattern NAME = Pattern.compile("[;\\s]name=(?:\"([^\"]*)\"|([^;\\s]+))");
    private static final Pattern FILE = Pattern.compile("filename=(?:\"([^\"]*)\"|([^;\\s]+))");

    /** One part; {@code fileName} and {@code contentType} are absent for a plain field. */
    public record Part(
            String name, @Nullable String fileName, @Nullable String contentType, byte[] content) {
        public String text() {
            return new String(content, StandardCharsets.UTF_8);
        }
    }

    public Optional<Part> part(String name) {
        return parts.stream().filter(part -> part.name().equals(name)).findFirst();
    }

    /** The parts of a body, or nothing when the body isn't multipart. */
    public static Optional<Multipart> of(Call call) {
        var type = call.header("content-type").orElse("");
        var boundary = BOUNDARY.matcher(type);
        if (!type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data") || !boundary.find()) {
            return Optional.empty();
        }
        return Optional.of(new Multipart(split(call.body(), "--" + firstGroup(boundary))));
    }

    private static List<Part> split(byte[] body, String delimiter) {
        var mark = delimiter.getBytes(StandardCharsets.ISO_8859_1);
        var parts = new ArrayList<Part>();
        var start = indexOf(body, mark, 0);
        while (start >= 0) {
            var next = indexOf(body, mark, start + mark.length);
            if (next < 0) {
                break;
            }
            // After the delimiter stands CRLF, before the next one stands CRLF.
            part(Arrays.copyOfRange(
                            body,
                            start + mark.length + 2,
                            Math.max(next - 2, start + mark.length + 2)))
                    .ifPresent(parts::add);
            start = next;
        }
        return List.copyOf(parts);
    }

    private static Optional<Part> part(byte[] raw) {
        var end = indexOf(raw, "\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1), 0);
        if (end < 0) {
            return Optional.empty();
        }
        var content = Arrays.copyOfRange(raw, end + 4, raw.length);
        @Nullable String name = null;
        @Nullable String fileName = null;
        @Nullable String contentType = null;
        for (var line : new String(raw, 0, end, StandardCharsets.UTF_8).split("\r\n", -1)) {
            var lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-disposition:")) {
                var nameMatch = NAME.matcher(line);
                name = nameMatch.find() ? firstGroup(nameMatch) : null;
                var fileMatch = FILE.matcher(line);
                fileName = fileMatch.find() ? firstGroup(fileMatch) : null;
            } else if (lower.startsWith("content-type:")) {
                contentType = line.substring("content-type:".length()).trim();
            }
        }
        return name == null
                ? Optional.empty()
                : Optional.of(new Part(name, fileName, contentType, content));
    }

    private static String firstGroup(java.util.regex.Matcher matcher) {
        return matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    }

    private static int indexOf(byte[] body, byte[] mark, int from) {
        outer:
        for (var i = from; i <= body.length - mark.length; i++) {
            for (var j = 0; j < mark.length; j++) {
                if (body[i + j] != mark[j]) {
                    continue outer;
                }
            }
            return i;
        }
        return -1;
    }
}
