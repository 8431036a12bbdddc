/** Applies what webhooks told: messages of customers and statuses of ours. */
@NullMarked
package dev.gesher.conversation.inbound;

import org.jspecify.annotations.NullMarked;
