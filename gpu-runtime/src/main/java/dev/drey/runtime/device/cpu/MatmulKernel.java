package dev.drey.runtime.device.cpu;

import org.bytedeco.dnnl.matmul;

/**
 * A product compiled for one number of rows. Shared by threads; each executes it through its own
 * {@link MatmulCall}.
 */
final class MatmulKernel implements AutoCloseable {
  private final MatmulSpec spec;
  private final matmul.primitive_desc description;
  private final matmul primitive;

  MatmulKernel(MatmulSpec spec, matmul.primitive_desc description) {
    this.spec = spec;
    this.description = description;
    this.primitive = new matmul(description);
  }

  MatmulSpec spec() {
    return spec;
  }

  matmul.primitive_desc description() {
    return description;
  }

  matmul primitive() {
    return primitive;
  }

  @Override
  public void close() {
    primitive.close();
    description.close();
  }
}
