/** JSON as Meta writes it: what is read stays a tree, what is written is ASCII only. */
@NullMarked
package dev.gesher.simulator.json;

import org.jspecify.annotations.NullMarked;
