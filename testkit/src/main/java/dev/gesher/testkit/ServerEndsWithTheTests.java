package dev.gesher.testkit;

import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/** Ends the test server with the last test of this JVM; found as a service. */
public final class ServerEndsWithTheTests implements LauncherSessionListener {

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        TestServer.end();
    }
}
