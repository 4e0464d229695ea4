/**
 * The device slots of one task slot: which experts are in them and who holds a lease. Start reading
 * at {@link dev.drey.runtime.residency.ResidencyWindow}.
 */
@NullMarked
package dev.drey.runtime.residency;

import org.jspecify.annotations.NullMarked;
