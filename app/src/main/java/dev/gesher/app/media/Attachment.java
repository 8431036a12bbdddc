package dev.gesher.app.media;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** The header that has a file saved and not shown, by RFC 6266. */
final class Attachment {
    private static final int LONGEST = 150;

    private Attachment() {}

    /**
     * @param filename any text: what leads into folders, ends lines or turns the writing round is
     *     taken out of it
     */
    static String header(String filename) {
        var name = clean(filename);
        var ascii = name.replaceAll("[^\\x20-\\x7e]|[\"%]", "_");
        return "attachment; filename=\"" + ascii + "\"; filename*=UTF-8''" + extended(name);
    }

    private static String clean(String filename) {
        var name =
                filename.replaceAll("[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}]", "")
                        .replaceAll("[/\\\\:*?<>|]", "_")
                        .strip()
                        .replaceAll("^\\.+", "");
        if (name.codePointCount(0, name.length()) > LONGEST) {
            // The ending says what it is.
            int dot = name.lastIndexOf('.');
            var ending = dot > 0 && name.length() - dot <= 10 ? name.substring(dot) : "";
            name =
                    name.substring(0, name.offsetByCodePoints(0, LONGEST - ending.length()))
                            + ending;
        }
        return name.isEmpty() ? "file" : name;
    }

    /** RFC 5987; a half of a surrogate pair becomes a question mark. */
    private static String extended(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A");
    }
}
