// Products of float32 activations with bfloat16 weights (the f32 compute type) and with float32 weights (routers in both types), and gate
// and up projection fused with the gated unit.
//
// Bits: an element is computed by one thread: inputs in chunks of 256, each a chain of fmaf over ascending inputs from zero, chunk sums
// added in order. So tiles of 8 and of 64 rows give the same.
//
// A block takes 64 rows of weights by 8 or 64 tokens, slices of 32 inputs at a time through shared memory.

#define CHUNK 256
#define SLICE 32
#define WEIGHT_ROWS 64

struct Tile {
  int group;
  int first;
  int count;
};

struct Input {
  const float* x;
  i64 row_stride;
  i64 group_stride;
  const int* rows;
  int inputs;
};

// Where sums go, plainly; W is the type of the weights.
template <typename W>
struct Plain {
  const u64* groups;
  float* out;
  i64 row_stride;
  i64 group_stride;
  const int* rows;
  int accumulate;

  typedef W Weight;
  static const bool GATED = false;

  __device__ __forceinline__ const W* weights(const Tile& tile, bool) const { return (const W*)groups[2 * tile.group]; }

  __device__ __forceinline__ void put(const Tile& tile, int token, int output, float sum, float) const {
    const float* bias = (const float*)groups[2 * tile.group + 1];
    i64 row = tile.first + token;
    float* to = out + tile.group * group_stride + (rows ? rows[row] : row) * row_stride + output;
    sum = bias ? sum + bias[output] : sum;
    *to = accumulate ? *to + sum : sum;
  }
};

// Where pairs of sums go through a gated unit.
struct Gated {
  const u64* groups;
  float* out;
  i64 row_stride;
  float alpha;
  float limit;
  float shift;

  typedef bf16 Weight;
  static const bool GATED = true;

  __device__ __forceinline__ const bf16* weights(const Tile& tile, bool up) const {
    return (const bf16*)groups[4 * tile.group + (up ? 1 : 0)];
  }

  __device__ __forceinline__ void put(const Tile& tile, int token, int output, float gate, float up) const {
    const float* gate_bias = (const float*)groups[4 * tile.group + 2];
    const float* up_bias = (const float*)groups[4 * tile.group + 3];
    gate = gate_bias ? gate + gate_bias[output] : gate;
    up = up_bias ? up + up_bias[output] : up;
    if (limit > 0.0f) {
      gate = gate > limit ? limit : gate;
      up = up > limit ? limit : up < -limit ? -limit : up;
    }
    out[(tile.first + token) * row_stride + output] = (up + shift) * (gate * sigmoid(alpha * gate));
  }
};

template <int TOKENS, typename Out>
__device__ __forceinline__ void product(const Input& input, const Tile* tiles, int outputs, const Out& out) {
  constexpr int ROW_STEP = TOKENS == 64 ? 16 : 32;
  constexpr int ROWS = WEIGHT_ROWS / ROW_STEP;  // of weights, per thread
  constexpr int TOKEN_STEP = 256 / ROW_STEP;
  constexpr int COLUMNS = TOKENS / TOKEN_STEP;  // tokens per thread
  __shared__ float left[WEIGHT_ROWS][SLICE + 1];
  __shared__ float right[TOKENS][SLICE + 1];
  Tile tile = tiles[blockIdx.y];
  int across = Out::GATED ? WEIGHT_ROWS / 2 : WEIGHT_ROWS;
  int first = blockIdx.x * across;
  int row = threadIdx.x % ROW_STEP;
  int token = threadIdx.x / ROW_STEP;

  float total[ROWS][COLUMNS];
  float sum[ROWS][COLUMNS] = {};
#pragma unroll 1
  for (int from = 0; from < input.inputs; from += SLICE) {
    __syncthreads();
#pragma unroll 2
    for (int e = threadIdx.x; e < WEIGHT_ROWS * SLICE; e += 256) {
      int r = e / SLICE;
      int k = from + e % SLICE;
      int output = first + r % across;
      bool inside = output < outputs && k < input.inputs;
      left[r][e % SLICE] = inside ? load(out.weights(tile, r >= across), (i64)output * input.inputs + k) : 0.0f;
    }
#pragma unroll 2
    for (int e = threadIdx.x; e < TOKENS * SLICE; e += 256) {
      int t = e / SLICE;
      int k = from + e % SLICE;
      float value = 0.0f;
      if (t < tile.count && k < input.inputs) {
        i64 x_row = input.rows ? input.rows[tile.first + t] : tile.first + t;
        value = input.x[tile.group * input.group_stride + x_row * input.row_stride + k];
      }
      right[t][e % SLICE] = value;
    }
    __syncthreads();
    int slice = input.inputs - from < SLICE ? input.inputs - from : SLICE;
#pragma unroll 4
    for (int k = 0; k < slice; k++) {
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
          sum[i][j] = fmaf(right[token + TOKEN_STEP * j][k], left[row + ROW_STEP * i][k], sum[i][j]);
        }
      }
    }
    if ((from + SLICE) % CHUNK == 0 || from + SLICE >= input.inputs) {
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
          total[i][j] = from < CHUNK ? sum[i][j] : total[i][j] + sum[i][j];
          sum[i][j] = 0.0f;
        }
      }
    }
  }

  constexpr int PAIRS = Out::GATED ? ROWS / 2 : ROWS;
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
#pragma unroll
    for (int j = 0; j < COLUMNS; j++) {
      int output = first + row + ROW_STEP * i;
      int t = token + TOKEN_STEP * j;
      if (t < tile.count && output < outputs) {
        out.put(tile, t, output, total[i][j], Out::GATED ? total[PAIRS % ROWS + i][j] : 0.0f);
      }
    }
  }
}

#define MATMUL(name, weight, tokens)                                                     \
  KERNEL __launch_bounds__(256) name(                                                    \
      const float* x,                                                                    \
      i64 x_row_stride,                                                                  \
      i64 x_group_stride,                                                                \
      const int* x_rows,                                                                 \
      const u64* groups,                                                                 \
      const Tile* tiles,                                                                 \
      int inputs,                                                                        \
      int outputs,                                                                       \
      float* out,                                                                        \
      i64 out_row_stride,                                                                \
      i64 out_group_stride,                                                              \
      const int* out_rows,                                                               \
      int accumulate) {                                                                  \
    Plain<weight> plain = {groups, out, out_row_stride, out_group_stride, out_rows, accumulate}; \
    product<tokens>(Input{x, x_row_stride, x_group_stride, x_rows, inputs}, tiles, outputs, plain); \
  }

MATMUL(matmul_f32_t8, bf16, 8)
MATMUL(matmul_f32_t64, bf16, 64)
MATMUL(router_logits_t8, float, 8)
MATMUL(router_logits_t64, float, 64)

#define GATE_UP(name, tokens)                                                            \
  KERNEL __launch_bounds__(256) name(                                                    \
      const float* x,                                                                    \
      i64 x_row_stride,                                                                  \
      const int* x_rows,                                                                 \
      const u64* groups,                                                                 \
      const Tile* tiles,                                                                 \
      int inputs,                                                                        \
      int outputs,                                                                       \
      float* out,                                                                        \
      i64 out_row_stride,                                                                \
      float alpha,                                                                       \
      float limit,                                                                       \
      float shift) {                                                                     \
    Gated gated = {groups, out, out_row_stride, alpha, limit, shift};                    \
    product<tokens>(Input{x, x_row_stride, 0, x_rows, inputs}, tiles, outputs, gated);   \
  }

GATE_UP(gate_up_f32_t8, 8)
GATE_UP(gate_up_f32_t64, 64)
