/** Tests of the package of the same name. */
@NullMarked
package dev.drey.jobs.files;

import org.jspecify.annotations.NullMarked;
