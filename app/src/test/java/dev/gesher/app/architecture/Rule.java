package dev.gesher.app.architecture;

import com.tngtech.archunit.lang.ArchRule;
import java.util.List;

/**
 * A rule with code that breaks it.
 *
 * @param broken sources that must be found
 */
record Rule(String name, ArchRule rule, List<String> broken) {
    static Rule of(String name, ArchRule rule, String... broken) {
        return new Rule(name, rule.as(name), List.of(broken));
    }

    @Override
    public String toString() {
        return name;
    }
}
