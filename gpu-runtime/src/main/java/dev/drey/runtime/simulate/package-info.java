/**
 * Replays recorded traces through the production cache policies, in virtual time, for any window
 * size: what each policy would have hit, moved and waited for, beside Belady's bound. No clock, no
 * I/O but the reading of the trace; of {@code device} nothing but the value {@code Routing}.
 *
 * <p>Start reading at {@link dev.drey.runtime.simulate.SimulatedWindow}.
 */
@NullMarked
package dev.drey.runtime.simulate;

import org.jspecify.annotations.NullMarked;
