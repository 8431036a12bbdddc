/** Files of messages, against a stand-in for Meta, a folder and something that speaks like S3. */
@NullMarked
package dev.gesher.conversation.media;

import org.jspecify.annotations.NullMarked;
