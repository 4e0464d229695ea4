package dev.drey.runtime.device;

/** A weight matrix in device memory, stored by its layout. */
public record Matrix(MatrixLayout layout, DeviceBuffer data) {}
