/**
 * What the operators of one task slot share: the port to the engine and how it is acquired, and the
 * gate between source and head. The only package of the operators with a static holder, because
 * operators of one task have no other common ground. May import the runtime's front door and value
 * types.
 */
@NullMarked
package dev.drey.operators.slot;

import org.jspecify.annotations.NullMarked;
