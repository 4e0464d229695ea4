/**
 * Traces and benchmarks for people: pages with charts that need nothing but a browser, and the
 * event format of trace viewers.
 */
@NullMarked
package dev.drey.jobs.report;

import org.jspecify.annotations.NullMarked;
