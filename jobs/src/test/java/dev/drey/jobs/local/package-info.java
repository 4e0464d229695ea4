/** Tests of the package of the same name. */
@NullMarked
package dev.drey.jobs.local;

import org.jspecify.annotations.NullMarked;
