package dev.gesher.tenant.db;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;

/**
 * Bounds of every {@link BatchWriter}; not for operators: a benchmark sets one item, to see what
 * the group is worth.
 *
 * @param items the most items of one transaction, at least 1
 */
@ConfigurationProperties("gesher.batch")
record BatchSettings(@Bindable(defaultValue = "300") int items) {
    BatchSettings {
        if (items < 1) {
            throw new IllegalArgumentException("gesher.batch.items must be at least 1");
        }
    }
}
