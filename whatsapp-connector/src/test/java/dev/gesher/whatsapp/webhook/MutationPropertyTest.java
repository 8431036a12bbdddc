package dev.gesher.whatsapp.webhook;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever becomes of a webhook on its way, reading it breaks nothing and loses nothing. */
class MutationPropertyTest {
    @Property(tries = 4000)
    void nothing_throws_and_nothing_is_lost(@ForAll long seed) {
        ReadingLaws.hold(new Mutations(new Random(seed)::nextInt).spoilt());
    }
}
