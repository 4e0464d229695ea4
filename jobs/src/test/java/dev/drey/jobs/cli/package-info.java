/** Tests of the package of the same name. */
@NullMarked
package dev.drey.jobs.cli;

import org.jspecify.annotations.NullMarked;
