package dev.gesher.app.config;

/** How a log line is written. */
public enum LogFormat {
    /** A JSON object per line, for machines. */
    JSON,
    /** For people. */
    TEXT
}
