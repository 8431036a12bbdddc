package dev.gesher.app.http;

import io.micronaut.aop.Around;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A request that takes a connection of its own: at most four times the pool of them run or wait,
 * the next is 503 at once. Writes that are committed in groups have their own bounds and don't
 * carry this.
 */
@Documented
@Around
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface NeedsDatabase {}
