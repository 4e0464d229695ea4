package dev.drey.runtime.probe;

import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;

/** Where a probe's weights lie. Owns the memory. */
interface WeightSource extends AutoCloseable {
  /** A matrix to multiply with next. */
  Matrix matrix(MatrixLayout layout);

  /** An expert to compute next. */
  Expert expert(ExpertLayout layout);

  @Override
  void close();
}
