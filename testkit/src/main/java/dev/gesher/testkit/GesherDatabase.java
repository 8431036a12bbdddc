package dev.gesher.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives a test class a fresh, migrated database: as a parameter of type {@link TestDatabase} of its
 * constructor and its methods, and dropped after the class. Nested classes share their outer
 * class's.
 *
 * <p>With {@code @MicronautTest} write this annotation first and implement {@link
 * MicronautDatabase}: the context then ends before the database does.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(GesherDatabaseExtension.class)
public @interface GesherDatabase {}
