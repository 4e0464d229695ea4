/**
 * What the network is: the description read from {@code config.json}, expert ids, element types and
 * shapes. Values only; owns no memory, touches no file.
 */
@NullMarked
package dev.drey.runtime.model;

import org.jspecify.annotations.NullMarked;
