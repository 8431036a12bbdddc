package dev.gesher.testkit;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Ties a database's life to that of the outermost test class. */
final class GesherDatabaseExtension implements ParameterResolver, AfterAllCallback {

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == TestDatabase.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return TestDatabase.of(outermost(context.getRequiredTestClass()));
    }

    @Override
    public void afterAll(ExtensionContext context) {
        TestDatabase.drop(context.getRequiredTestClass());
    }

    private static Class<?> outermost(Class<?> type) {
        var outer = type.getEnclosingClass();
        return outer == null ? type : outermost(outer);
    }
}
