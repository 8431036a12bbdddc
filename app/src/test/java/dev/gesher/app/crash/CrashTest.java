package dev.gesher.app.crash;

import org.junit.jupiter.api.Tag;

/** Some kills in each run; {@code -Dcrash.kills} says how many. */
@Tag("crash")
class CrashTest extends Kills {
    CrashTest() {
        super(Integer.getInteger("crash.kills", 50));
    }
}
