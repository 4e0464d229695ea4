/** Tests of the package of the same name. */
@NullMarked
package dev.drey.jobs.kafka;

import org.jspecify.annotations.NullMarked;
