// RMS and layer norm of rows, alone and with the gate of the delta rule: one block per row. A thread takes every blockDim-th number,
// then the block's sum; so bits depend on the width, from which the block's size follows.

// The number that (x - mean) is multiplied by; mean is 0 but for a layer norm.
__device__ __forceinline__ float norm_factor(const float* x, int width, int layer, float epsilon, float& mean) {
  mean = 0.0f;
  if (layer) {
    float sum = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
      sum += x[i];
    }
    mean = block_sum(sum) / (float)width;
  }
  float squares = 0.0f;
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    float centred = x[i] - mean;
    squares = fmaf(centred, centred, squares);
  }
  return 1.0f / sqrtf(block_sum(squares) / (float)width + epsilon);
}

__device__ __forceinline__ float normed(float x, float mean, float factor, const float* weight, const float* bias, int i) {
  float value = (x - mean) * factor * weight[i];
  return bias ? value + bias[i] : value;
}

template <typename A>
__device__ __forceinline__ void norm(
    const float* x, int width, int layer, const float* weight, const float* bias, float epsilon, A* out) {
  const float* from = x + (i64)blockIdx.x * width;
  float mean;
  float factor = norm_factor(from, width, layer, epsilon, mean);
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    store(out, (i64)blockIdx.x * width + i, normed(from[i], mean, factor, weight, bias, i));
  }
}

KERNEL norm_f32(const float* x, int rows, int width, int layer, const float* weight, const float* bias, float epsilon, float* out) {
  norm(x, width, layer, weight, bias, epsilon, out);
}

KERNEL norm_bf16(const float* x, int rows, int width, int layer, const float* weight, const float* bias, float epsilon, bf16* out) {
  norm(x, width, layer, weight, bias, epsilon, out);
}

template <typename A>
__device__ __forceinline__ void delta_gate(
    const float* x, const float* gate, int width, int layer, const float* weight, const float* bias, float epsilon, A* out) {
  i64 first = (i64)blockIdx.x * width;
  float mean;
  float factor = norm_factor(x + first, width, layer, epsilon, mean);
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    float g = gate[first + i];
    store(out, first + i, normed(x[first + i], mean, factor, weight, bias, i) * (g * sigmoid(g)));
  }
}

KERNEL delta_gate_f32(
    const float* attended,
    const float* gate,
    int parts,
    int width,
    int layer,
    const float* weight,
    const float* bias,
    float epsilon,
    float* out) {
  delta_gate(attended, gate, width, layer, weight, bias, epsilon, out);
}

KERNEL delta_gate_bf16(
    const float* attended,
    const float* gate,
    int parts,
    int width,
    int layer,
    const float* weight,
    const float* bias,
    float epsilon,
    bf16* out) {
  delta_gate(attended, gate, width, layer, weight, bias, epsilon, out);
}
