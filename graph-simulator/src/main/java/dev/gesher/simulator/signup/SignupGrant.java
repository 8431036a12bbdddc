package dev.gesher.simulator.signup;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What the dialog hands to the page when a person finishes.
 *
 * @param code the one-time code, good for 30 seconds
 * @param sessionEvent the {@code WA_EMBEDDED_SIGNUP} event as an object; the page gets it as a JSON
 *     string
 */
public record SignupGrant(String code, ObjectNode sessionEvent) {}
