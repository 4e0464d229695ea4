/** The front door: which bytes records have, chosen by configuration and never guessed. */
@NullMarked
package dev.drey.schemas.format;

import org.jspecify.annotations.NullMarked;
