/**
 * What crosses the borders of a job: the record a source yields and the outcome a sink takes, with
 * their serializers. Immutable values; they own no memory beyond themselves and may be handed
 * between threads. May import {@code flink} and the wire schemas.
 */
@NullMarked
package dev.drey.operators.records;

import org.jspecify.annotations.NullMarked;
