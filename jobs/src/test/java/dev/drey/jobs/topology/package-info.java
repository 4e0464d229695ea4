/** Tests of the package of the same name. */
@NullMarked
package dev.drey.jobs.topology;

import org.jspecify.annotations.NullMarked;
