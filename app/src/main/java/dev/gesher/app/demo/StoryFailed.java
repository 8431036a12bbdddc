package dev.gesher.app.demo;

/** A step of the story did not do what it should; the message says which and what came instead. */
final class StoryFailed extends RuntimeException {
    StoryFailed(String message) {
        super(message);
    }
}
