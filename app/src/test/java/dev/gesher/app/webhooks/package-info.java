@NullMarked
package dev.gesher.app.webhooks;

import org.jspecify.annotations.NullMarked;
