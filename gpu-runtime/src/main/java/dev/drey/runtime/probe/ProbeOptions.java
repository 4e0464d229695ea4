package dev.drey.runtime.probe;

/**
 * How a machine is to be measured.
 *
 * @param threads compute threads, those the device was opened with
 * @param ioThreads threads that read experts
 * @param maxRows most rows of a product; times of more rows are extrapolated
 * @param pacedBytesPerSecond pace that transfers are held to; 0 for none
 */
public record ProbeOptions(int threads, int ioThreads, int maxRows, long pacedBytesPerSecond) {}
