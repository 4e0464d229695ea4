package dev.drey.runtime.jinja;

import java.util.List;

/** Python's tuple: a list that prints in parentheses and equals no list. */
record Tuple(List<Object> items) {}
