package dev.drey.runtime.gpu;

/** One number. */
record GpuMeasurement(String name, double value, String unit) {}
