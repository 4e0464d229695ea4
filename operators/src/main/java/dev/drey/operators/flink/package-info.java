/**
 * Everything that touches Flink's internal or experimental interfaces: the mailbox-stepped
 * operator, serializers' roots, key groups, co-location, failures that are not to be restarted. A
 * new Flink version is met here. Knows nothing of requests or engines; imports nothing of ours.
 */
@NullMarked
package dev.drey.operators.flink;

import org.jspecify.annotations.NullMarked;
