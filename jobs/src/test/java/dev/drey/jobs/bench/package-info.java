/** Tests of the package of the same name. */
@NullMarked
package dev.drey.jobs.bench;

import org.jspecify.annotations.NullMarked;
