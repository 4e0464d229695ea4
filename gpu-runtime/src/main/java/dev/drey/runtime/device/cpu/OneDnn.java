package dev.drey.runtime.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_version;
import static org.bytedeco.dnnl.global.dnnl.get_effective_cpu_isa;

import dev.drey.runtime.model.DType;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.scratchpad_mode;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.jspecify.annotations.Nullable;

/**
 * oneDNN's CPU engine and what it was asked about products: descriptions, packed weight formats.
 * Thread-safe. Every product takes its scratchpad from the caller, so that compiled primitives can
 * be shared between threads.
 */
final class OneDnn implements AutoCloseable {
  private final engine cpu = new engine(engine.kind.cpu, 0);
  private final Map<MatmulSpec.Weights, WeightFormat> formats = new ConcurrentHashMap<>();
  private final Map<MatmulSpec, Integer> verifiedTiles = new ConcurrentHashMap<>();

  engine engine() {
    return cpu;
  }

  /** Version of the library, e.g. {@code 3.11.0}. */
  static String version() {
    dnnl_version_t version = dnnl_version();
    return version.major() + "." + version.minor() + "." + version.patch();
  }

  /** Instruction set the library will use, e.g. {@code avx512_core_bf16}. */
  static String isa() {
    return get_effective_cpu_isa().toString().toLowerCase(Locale.ROOT);
  }

  static memory.data_type dataType(DType type) {
    return switch (type) {
      case F32 -> memory.data_type.f32;
      case BF16 -> memory.data_type.bf16;
      case F16, F8_E4M3, U8 -> throw new IllegalArgumentException("no product takes " + type);
    };
  }

  /** The format in which weights are stored for all row tiles; decided once. */
  WeightFormat format(MatmulSpec.Weights weights) {
    WeightFormat known = formats.get(weights);
    if (known == null) {
      WeightFormat chosen = WeightFormat.choose(this, weights);
      known = formats.putIfAbsent(weights, chosen);
      if (known == null) {
        return chosen;
      }
      chosen.close();
    }
    return known;
  }

  /** Describes a product whose weights are in the format chosen for them. */
  matmul.primitive_desc describe(MatmulSpec spec) {
    matmul.primitive_desc description = describe(spec, format(spec.weights()).descriptor());
    if (description == null) {
      throw new IllegalStateException(
          "oneDNN %s has no fast %s on this machine (instruction set %s)"
              .formatted(version(), spec, isa()));
    }
    return description;
  }

  /** Describes a product, or returns null where the library has none but its reference loops. */
  matmul.@Nullable primitive_desc describe(MatmulSpec spec, memory.desc weights) {
    try (memory.desc source = source(spec);
        memory.desc out = out(spec);
        primitive_attr attributes = new primitive_attr();
        post_ops operations = new post_ops()) {
      attributes.set_scratchpad_mode(scratchpad_mode.user);
      if (spec.post() == MatmulSpec.Post.ADD) {
        operations.append_sum();
      } else if (spec.post() == MatmulSpec.Post.SILU_MULTIPLY) {
        operations.append_eltwise(algorithm.eltwise_swish, 1, 0);
        try (memory.desc multiplier = multiplier(spec)) {
          operations.append_binary(algorithm.binary_mul, multiplier);
        }
      }
      attributes.set_post_ops(operations);
      matmul.primitive_desc description =
          new matmul.primitive_desc(cpu, source, weights, out, attributes, true);
      if (description.get(true) == null
          || description.get(true).isNull()
          || description.impl_info_str().getString().contains("ref")) {
        description.close();
        return null;
      }
      return description;
    }
  }

  static memory.desc source(MatmulSpec spec) {
    return matrix(spec, spec.inputs(), spec.inputs(), spec.source());
  }

  static memory.desc out(MatmulSpec spec) {
    return matrix(spec, spec.outputs(), spec.outStride(), spec.out());
  }

  static memory.desc multiplier(MatmulSpec spec) {
    return matrix(spec, spec.outputs(), spec.outStride(), DType.F32);
  }

  private static memory.desc matrix(MatmulSpec spec, int columns, int stride, DType type) {
    if (spec.batch() == 0) {
      return new memory.desc(
          new long[] {spec.rows(), columns}, dataType(type), new long[] {stride, 1});
    }
    return new memory.desc(
        new long[] {spec.batch(), spec.rows(), columns},
        dataType(type),
        new long[] {(long) spec.rows() * stride, stride, 1});
  }

  /** Whether a product was verified for so many row tiles. */
  boolean isVerified(MatmulSpec spec, int tiles) {
    return verifiedTiles.getOrDefault(spec, 0) >= tiles;
  }

  /** Remembers that a product was verified for so many row tiles. */
  void verified(MatmulSpec spec, int tiles) {
    verifiedTiles.merge(spec, tiles, Math::max);
  }

  @Override
  public void close() {
    formats.values().forEach(WeightFormat::close);
    formats.clear();
    cpu.close();
  }
}
