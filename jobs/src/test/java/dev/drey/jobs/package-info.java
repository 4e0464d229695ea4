/** Rules of the module's packages, and what several tests share. */
@NullMarked
package dev.drey.jobs;

import org.jspecify.annotations.NullMarked;
