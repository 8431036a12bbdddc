package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.EvidenceKeys;
import dev.gesher.tenant.EvidenceKeys.Evidence;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Laws of seals and of encrypted proof, over three versions of the evidence key. */
class EvidencePropertyTest {
    private static final TestDatabase DATABASE = TestDatabase.fresh();
    private static final RunningVault RUNNING = RunningVault.demo(DATABASE);

    /** As it was under each version of the key, and as it is now. */
    private static final List<Evidence> THEN = new ArrayList<>();

    @BeforeContainer
    static void start() {
        var keys = RUNNING.bean(EvidenceKeys.class);
        var rows = RUNNING.bean(KeyRows.class);
        for (int version = 1; ; version++) {
            THEN.add(keys.open());
            if (version == 3) {
                return;
            }
            var next =
                    rows.make(new KeyRows.Slot(TenantId.PLATFORM, KeyKind.EVIDENCE, version + 1));
            RUNNING.scope().in(TenantId.PLATFORM, tx -> rows.insert(tx, next));
            RUNNING.clock().advance(Duration.ofSeconds(61));
        }
    }

    @AfterContainer
    static void stop() {
        RUNNING.close();
        DATABASE.close();
    }

    @Property(tries = 200)
    void a_seal_holds_for_ever_and_for_its_purpose_and_content_only(
            @ForAll @IntRange(max = 2) int version,
            @ForAll String purpose,
            @ForAll byte[] content,
            @ForAll String otherPurpose,
            @ForAll byte[] otherContent) {
        byte[] seal = THEN.get(version).seal(purpose, content);
        var now = THEN.getLast();

        assertThat(seal).hasSize(Evidence.SEAL_LENGTH);
        assertThat(now.isSealed(purpose, content, seal)).isTrue();
        assertThat(now.isSealed(otherPurpose, content, seal))
                .isEqualTo(otherPurpose.equals(purpose));
        assertThat(now.isSealed(purpose, otherContent, seal))
                .isEqualTo(java.util.Arrays.equals(otherContent, content));
        assertThat(THEN.get(version).seal(purpose, content)).isEqualTo(seal);
    }

    @Property(tries = 200)
    void a_seal_with_another_bit_is_none(
            @ForAll byte[] content, @ForAll @IntRange(max = Evidence.SEAL_LENGTH * 8 - 1) int bit) {
        byte[] seal = THEN.getLast().seal("consent", content);
        seal[bit / 8] ^= (byte) (1 << bit % 8);

        assertThat(THEN.getLast().isSealed("consent", content, seal)).isFalse();
        assertThat(THEN.getLast().isSealed("consent", content, new byte[0])).isFalse();
    }

    @Property(tries = 200)
    void what_was_encrypted_is_read_for_ever_in_its_place_only(
            @ForAll @IntRange(max = 2) int version, @ForAll @NotEmpty byte[] proof) {
        var place = new Place("consent", "proof", new UUID(0, 1));
        byte[] encrypted = THEN.get(version).cipher().encrypt(place, proof);

        assertThat(THEN.getLast().cipher().decrypt(place, encrypted)).isEqualTo(proof);
        assertThatThrownBy(() ->
                        THEN.getLast()
                                .cipher()
                                .decrypt(new Place("consent", "proof", new UUID(0, 2)), encrypted))
                .isInstanceOf(IllegalStateException.class);
    }
}
