package dev.drey.runtime.trace;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a recorder is getting on.
 *
 * @param file the file it writes
 * @param events events recorded
 * @param dropped events not recorded, for want of room or because the file cannot be written
 * @param failure why the file cannot be written; null if it can
 */
public record TraceStats(Path file, long events, long dropped, @Nullable String failure) {}
