package dev.gesher.app.crash;

import org.junit.jupiter.api.Tag;

/** Many kills; {@code -Dcrash.long.kills} says how many. */
@Tag("long")
class LongCrashTest extends Kills {
    LongCrashTest() {
        super(Integer.getInteger("crash.long.kills", 500));
    }
}
