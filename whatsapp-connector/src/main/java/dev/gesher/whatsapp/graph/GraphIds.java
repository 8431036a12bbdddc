package dev.gesher.whatsapp.graph;

import java.util.regex.Pattern;

/** Ids of Meta's objects, which may come from a browser and end up in a path. */
public final class GraphIds {
    private static final Pattern ID = Pattern.compile("\\d{1,32}");

    private GraphIds() {}

    /** Whether {@code text} can be the id of an account or a number. */
    public static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    static String checked(String text) {
        if (!isId(text)) {
            throw new IllegalArgumentException("not an id of Meta's");
        }
        return text;
    }
}
