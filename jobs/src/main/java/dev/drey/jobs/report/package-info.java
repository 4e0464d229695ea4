/**
 * Traces for people: a page with charts that needs nothing but a browser, and the event format of
 * trace viewers.
 */
@NullMarked
package dev.drey.jobs.report;

import org.jspecify.annotations.NullMarked;
