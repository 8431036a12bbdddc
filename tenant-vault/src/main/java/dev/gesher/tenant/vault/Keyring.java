package dev.gesher.tenant.vault;

import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;

/** The versions of one key that still exist, at least one. Prints no key. */
final class Keyring<P> {
    private final TreeMap<Integer, P> byVersion;

    Keyring(SortedMap<Integer, P> byVersion) {
        if (byVersion.isEmpty()) {
            throw new IllegalArgumentException("a keyring without a key");
        }
        this.byVersion = new TreeMap<>(byVersion);
    }

    int newestVersion() {
        return byVersion.lastKey();
    }

    P newest() {
        return byVersion.lastEntry().getValue();
    }

    /**
     * @throws IllegalStateException if that version was destroyed, or never was
     */
    P version(int version) {
        P key = byVersion.get(version);
        if (key == null) {
            throw new IllegalStateException("key version " + version + " does not exist");
        }
        return key;
    }

    /** Newest first. */
    Collection<P> newestFirst() {
        return byVersion.descendingMap().values();
    }

    @Override
    public String toString() {
        return "Keyring" + byVersion.keySet();
    }
}
