package dev.gesher.tenant.vault;

import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** The versions of one key that still exist, at least one. Prints no key. */
final class Keyring<P> {
    private final TreeMap<Integer, P> byVersion;
    private final int current;

    /**
     * @param current the version that is in use for what is new; a newer one is only known ahead
     */
    Keyring(SortedMap<Integer, P> byVersion, int current) {
        if (!byVersion.containsKey(current)) {
            throw new IllegalArgumentException("a keyring without a key");
        }
        this.byVersion = new TreeMap<>(byVersion);
        this.current = current;
    }

    int currentVersion() {
        return current;
    }

    P current() {
        return version(current);
    }

    /** The newest, known ahead or in use. */
    int newestVersion() {
        return byVersion.lastKey();
    }

    boolean has(int version) {
        return byVersion.containsKey(version);
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

    /** The same versions of what is made of each key. */
    <Q> Keyring<Q> map(Function<P, Q> made) {
        var others = new TreeMap<Integer, Q>();
        byVersion.forEach((version, key) -> others.put(version, made.apply(key)));
        return new Keyring<>(others, current);
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
