/** Tests of the package of the same name. */
@NullMarked
package dev.drey.jobs.options;

import org.jspecify.annotations.NullMarked;
