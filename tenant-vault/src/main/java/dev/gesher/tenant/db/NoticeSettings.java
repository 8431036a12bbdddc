package dev.gesher.tenant.db;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * How notices are heard; not for operators: a test shortens it.
 *
 * @param deafAfter how long a process trusts what it keeps without having heard of others
 */
@ConfigurationProperties("gesher.notices")
record NoticeSettings(@Bindable(defaultValue = "30s") Duration deafAfter) {}
