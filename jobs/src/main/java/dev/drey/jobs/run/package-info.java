/**
 * Runs of the job from settings to summary: checks, resumes, shows progress, joins, reports. In
 * this process or on the cluster that called us.
 */
@NullMarked
package dev.drey.jobs.run;

import org.jspecify.annotations.NullMarked;
