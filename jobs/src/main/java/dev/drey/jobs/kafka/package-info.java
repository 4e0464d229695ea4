/**
 * Everything that knows Kafka: source, exactly-once sink, the checks before a start, topics, and a
 * broker in the own process. The only package of the project that imports Kafka.
 */
@NullMarked
package dev.drey.jobs.kafka;

import org.jspecify.annotations.NullMarked;
