/**
 * The demo: the simulator as a child process, a demo tenant, and the main job driven once before
 * the reader's eyes.
 */
@NullMarked
package dev.gesher.app.demo;

import org.jspecify.annotations.NullMarked;
