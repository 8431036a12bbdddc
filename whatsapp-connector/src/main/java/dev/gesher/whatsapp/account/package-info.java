/**
 * What Meta tells of accounts, numbers and templates: kept by time, proven before it ends anything.
 */
@NullMarked
package dev.gesher.whatsapp.account;

import org.jspecify.annotations.NullMarked;
