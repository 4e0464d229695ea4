// The gated delta rule (Yang et al., arXiv 2412.06464), token by token in all phases so that chunks do not show: causal convolution
// and SiLU; queries and keys to unit length; the state of each value head. Norm and gate of the output are in norm.cu.
//
// Bits: a channel, a head, a column of a head's state each are one thread's or one block's work, in order of the tokens. Sums over keys:
// slices of 32, a chain of fmaf each, added in order.

#define MOST_TAPS 8
#define SLICE 32
#define MOST_KEYS 512

KERNEL delta_convolution(
    const float* queries,
    const float* keys,
    const float* values,
    const float* taps,
    float* state,
    i64 state_numbers,
    const Span* spans,
    int key_width,
    int value_width,
    int kernel,
    float* mixed) {
  int channels = 2 * key_width + value_width;
  int channel = blockIdx.x * blockDim.x + threadIdx.x;
  if (channel >= channels) {
    return;
  }
  Span span = spans[blockIdx.y];
  int past = kernel - 1;
  const float* from = channel < key_width ? queries : channel < 2 * key_width ? keys : values;
  int width = channel < 2 * key_width ? key_width : value_width;
  int within = channel < 2 * key_width ? channel % key_width : channel - 2 * key_width;
  float* kept = state + span.state * state_numbers + (i64)channel * past;
  float tap[MOST_TAPS];
  float before[MOST_TAPS];
#pragma unroll
  for (int i = 0; i < MOST_TAPS; i++) {
    tap[i] = i < kernel ? taps[(i64)channel * kernel + i] : 0.0f;
    before[i] = i < past && span.start > 0 ? kept[i] : 0.0f;
  }
  float own = taps[(i64)channel * kernel + past];
  for (int row = span.first_row; row < span.first_row + span.rows; row++) {
    float present = from[(i64)row * width + within];
    float sum = present * own;
#pragma unroll
    for (int i = 0; i < MOST_TAPS - 1; i++) {
      if (i < past) {
        sum = fmaf(before[i], tap[i], sum);
        before[i] = i == past - 1 ? present : before[i + 1];
      }
    }
    mixed[(i64)row * channels + channel] = sum * sigmoid(sum);
  }
#pragma unroll
  for (int i = 0; i < MOST_TAPS; i++) {
    if (i < past) {
      kept[i] = before[i];
    }
  }
}

KERNEL delta_unit(float* mixed, int rows, int key_heads, int key_width, int channels) {
  int head = blockIdx.y;
  float* x = mixed + (i64)blockIdx.x * channels + head * key_width;
  float sum = 0.0f;
  for (int i = threadIdx.x; i < key_width; i += 32) {
    sum = fmaf(x[i], x[i], sum);
  }
  float length = sqrtf(warp_sum(sum) + 1e-6f);
  float factor = (head < key_heads ? 1.0f / sqrtf((float)key_width) : 1.0f) / length;
  for (int i = threadIdx.x; i < key_width; i += 32) {
    x[i] = x[i] * factor;
  }
}

// A thread's share of the sum over keys, then everybody's in order.
__device__ __forceinline__ float over_slices(
    const float (&column)[SLICE], const float* by, int keys, float (*sums)[32]) {
  int own = threadIdx.y * SLICE;
  float sum = 0.0f;
#pragma unroll
  for (int k = 0; k < SLICE; k++) {
    if (own + k < keys) {
      sum = fmaf(column[k], by[own + k], sum);
    }
  }
  __syncthreads();
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  float total = sums[0][threadIdx.x];
  for (int slice = 1; slice < (int)blockDim.y; slice++) {
    total = total + sums[slice][threadIdx.x];
  }
  return total;
}

KERNEL __launch_bounds__(MOST_KEYS) delta_rule(
    const float* mixed,
    const float* strength,
    const float* decay,
    const float* decay_rate,
    const float* decay_bias,
    float* state,
    i64 state_numbers,
    const Span* spans,
    int key_heads,
    int value_heads,
    int key_width,
    int value_width,
    int state_offset,
    float* attended) {
  __shared__ float query[MOST_KEYS];
  __shared__ float key[MOST_KEYS];
  __shared__ float sums[MOST_KEYS / SLICE][32];
  Span span = spans[blockIdx.z];
  int head = blockIdx.y;
  int v = blockIdx.x * 32 + threadIdx.x;
  bool inside = v < value_width;
  int own = threadIdx.y * SLICE;
  int channels = 2 * key_heads * key_width + value_heads * value_width;
  int thread = threadIdx.y * 32 + threadIdx.x;
  int threads = blockDim.y * 32;
  float* kept = state + span.state * state_numbers + state_offset + (i64)head * key_width * value_width;

  float column[SLICE];
#pragma unroll
  for (int k = 0; k < SLICE; k++) {
    bool stored = inside && own + k < key_width && span.start > 0;
    column[k] = stored ? kept[(i64)(own + k) * value_width + v] : 0.0f;
  }
  float rate = -exponential(decay_rate[head]);
  for (int row = span.first_row; row < span.first_row + span.rows; row++) {
    const float* from = mixed + (i64)row * channels;
    int query_at = head / (value_heads / key_heads) * key_width;
    __syncthreads();
    for (int k = thread; k < key_width; k += threads) {
      query[k] = from[query_at + k];
      key[k] = from[key_heads * key_width + query_at + k];
    }
    __syncthreads();
    i64 at = (i64)row * value_heads + head;
    float shifted = decay[at] + decay_bias[head];
    float softplus = shifted > 20.0f ? shifted : log1pf(exponential(shifted));
    float factor = exponential(rate * softplus);
#pragma unroll
    for (int k = 0; k < SLICE; k++) {
      column[k] = column[k] * factor;
    }
    float value = inside ? from[2 * key_heads * key_width + head * value_width + v] : 0.0f;
    float correction = (value - over_slices(column, key, key_width, sums)) * sigmoid(strength[at]);
#pragma unroll
    for (int k = 0; k < SLICE; k++) {
      if (own + k < key_width) {
        column[k] = fmaf(key[own + k], correction, column[k]);
      }
    }
    float sum = over_slices(column, query, key_width, sums);
    if (inside && threadIdx.y == 0) {
      attended[at * value_width + v] = sum;
    }
  }
#pragma unroll
  for (int k = 0; k < SLICE; k++) {
    if (inside && own + k < key_width) {
      kept[(i64)(own + k) * value_width + v] = column[k];
    }
  }
}
