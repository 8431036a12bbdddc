package dev.gesher.app.demo;

import java.io.PrintStream;
import java.util.Locale;

/** Prints the story line by line: what happened, and below it why. */
final class Narrator {
    private final PrintStream out;
    private int step;

    Narrator(PrintStream out) {
        this.out = out;
    }

    void title(String text) {
        out.println();
        out.println(text);
    }

    void step(String text) {
        step++;
        out.println(String.format(Locale.ROOT, "%2d. %s", step, text));
    }

    void because(String text) {
        out.println("    " + text);
    }

    void failed(String why) {
        out.println(" ✗ This step did not do what it should: " + why);
    }

    void line(String text) {
        out.println(text);
    }
}
