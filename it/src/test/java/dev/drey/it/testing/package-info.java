/**
 * What the integration tests stand on: processes that can be killed, a broker, a session cluster,
 * readers of committed records and the oracle. Everything real, nothing of it part of the product.
 * Each class that starts something ends it when it is closed, and at the latest with this JVM.
 */
@NullMarked
package dev.drey.it.testing;

import org.jspecify.annotations.NullMarked;
