/**
 * What a checkpoint holds of the sequence table, and its bytes: one version number per format, a
 * stored sample of each version under test. Values only.
 */
@NullMarked
package dev.drey.operators.state;

import org.jspecify.annotations.NullMarked;
