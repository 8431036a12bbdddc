package dev.gesher.simulator.world;

/** Another callback than the app's, for one account or number. */
public record WebhookOverride(String callbackUri, String verifyToken) {}
