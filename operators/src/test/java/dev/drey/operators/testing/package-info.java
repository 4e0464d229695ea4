/**
 * A toy engine with a checkable model, a source, a committing sink and a cluster: everything a
 * replica needs around it in a test. Test code only.
 */
@NullMarked
package dev.drey.operators.testing;

import org.jspecify.annotations.NullMarked;
