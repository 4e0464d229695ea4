/** Tests of the package of the same name. */
@NullMarked
package dev.drey.jobs.run;

import org.jspecify.annotations.NullMarked;
