/**
 * Which blocks of the key/value store belong to whom: allocation, reference counts, block tables,
 * block index for shared prefixes. Owns the store; touches none of its bytes. One thread, the
 * head's. May import {@code device}.
 */
@NullMarked
package dev.drey.runtime.kvcache;

import org.jspecify.annotations.NullMarked;
