package dev.gesher.conversation.media;

import jakarta.inject.Singleton;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.mime.MediaType;
import org.apache.tika.mime.MediaTypeRegistry;
import org.apache.tika.mime.MimeTypeException;
import org.apache.tika.mime.MimeTypes;

/** What a file is by its first bytes, and whether that goes with what is said of it. */
@Singleton
final class FileTypes {
    /** How much of a file is looked at. */
    static final int LOOKED_AT = 64 << 10;

    /** One container for sound and pictures; which of its names a file has says little. */
    private static final Set<String> MP4 =
            Set.of(
                    "application/mp4",
                    "audio/mp4",
                    "video/3gpp",
                    "video/3gpp2",
                    "video/mp4",
                    "video/quicktime",
                    "video/x-m4v");

    /** What Meta documents for messages and what has a mark in its first bytes. */
    private static final Set<String> MARKED =
            Set.of(
                    "application/msword",
                    "application/pdf",
                    "application/vnd.ms-excel",
                    "application/vnd.ms-powerpoint",
                    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                    "audio/amr",
                    "audio/mp4",
                    "audio/ogg",
                    "image/gif",
                    "image/jpeg",
                    "image/png",
                    "image/webp",
                    "video/3gpp",
                    "video/mp4");

    private static final Set<String> RUN_BY_BROWSERS =
            Set.of(
                    "application/ecmascript",
                    "application/javascript",
                    "application/x-javascript",
                    "application/x-shockwave-flash",
                    "application/xml",
                    "multipart/related",
                    "message/rfc822",
                    "text/css",
                    "text/ecmascript",
                    "text/html",
                    "text/javascript",
                    "text/xml");

    private final MimeTypes types = MimeTypes.getDefaultMimeTypes();
    private final MediaTypeRegistry registry = types.getMediaTypeRegistry();

    /** What bytes look like; {@code application/octet-stream} if like nothing known. */
    String detect(byte[] first, int count) {
        try {
            return types.detect(new ByteArrayInputStream(first, 0, count), new Metadata())
                    .getBaseType()
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether a file that looks like {@code detected} cannot be what it is said to be. */
    boolean mismatch(Optional<String> declared, String detected) {
        var said = declared.flatMap(this::parsed);
        if (said.isEmpty() || said.get().equals(MediaType.OCTET_STREAM)) {
            return false;
        }
        var saidToBe = said.get();
        var looksLike = registry.normalize(MediaType.parse(detected));
        if (saidToBe.equals(looksLike)
                || (MP4.contains(saidToBe.toString()) && MP4.contains(looksLike.toString()))) {
            return false;
        }
        if (isRunByBrowsers(looksLike.toString())) {
            return true;
        }
        if (looksLike.equals(MediaType.OCTET_STREAM)) {
            return MARKED.contains(saidToBe.toString());
        }
        return !registry.isSpecializationOf(saidToBe, looksLike)
                && !registry.isSpecializationOf(looksLike, saidToBe);
    }

    /** The type to serve a file under: the one that is true, unless a browser would run it. */
    String served(Optional<String> declared, String detected, boolean mismatch) {
        var type =
                mismatch
                        ? detected
                        : declared.map(MediaType::parse)
                                .map(said -> said.getBaseType().toString())
                                .orElse(detected);
        return isRunByBrowsers(type) || isRunByBrowsers(detected) || type.contains("/x-tika")
                ? MediaType.OCTET_STREAM.toString()
                : type;
    }

    private static boolean isRunByBrowsers(String type) {
        return type.endsWith("+xml") || RUN_BY_BROWSERS.contains(type);
    }

    /** The usual ending of file names, with its dot, or nothing. */
    String ending(String type) {
        try {
            return types.forName(type).getExtension();
        } catch (MimeTypeException e) {
            return "";
        }
    }

    private Optional<MediaType> parsed(String text) {
        var type = MediaType.parse(text);
        return type == null
                ? Optional.empty()
                : Optional.of(registry.normalize(type.getBaseType()));
    }
}
