// What products in both types have in common: which rows they take, and where sums go.

// Inputs are taken in chunks, whose sums are added in order.
#define CHUNK 256

// Rows first to first + count - 1 of a group.
struct Tile {
  int group;
  int first;
  int count;
};

template <typename A>
struct Input {
  const A* x;
  i64 row_stride;
  i64 group_stride;
  const int* rows;
  int inputs;

  // A row of a tile; beyond its end, the last.
  __device__ __forceinline__ const A* row(const Tile& tile, int token) const {
    int row = tile.first + (token < tile.count ? token : tile.count - 1);
    i64 from = rows ? rows[row] : row;
    return x + tile.group * group_stride + from * row_stride;
  }
};

// Sums go to the result plainly.
template <typename W>
struct Plain {
  const u64* groups;
  float* out;
  i64 row_stride;
  i64 group_stride;
  const int* rows;
  int accumulate;

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

// Pairs of sums go through a gated unit.
template <typename A>
struct Gated {
  const u64* groups;
  A* out;
  i64 row_stride;
  float alpha;
  float limit;
  float shift;

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
    store(out, (tile.first + token) * row_stride + output, (up + shift) * (gate * sigmoid(alpha * gate)));
  }
};

// Adds the sums of the chunks that the warps of a block have taken this round, `round` and the following, to the totals of 32 rows of
// weights by the tokens of a tile. Every number is added by the same thread each time.
template <int TOKENS, int PITCH>
__device__ __forceinline__ void add_chunks(
    const float (*sums)[TOKENS][PITCH], float (*totals)[PITCH], int round, int chunks) {
  int warps = blockDim.x >> 5;
  int held = chunks - round < warps ? chunks - round : warps;
#pragma unroll 1
  for (int e = threadIdx.x; e < 32 * TOKENS; e += blockDim.x) {
    float total = sums[0][e >> 5][e & 31];
    total = round == 0 ? total : totals[e >> 5][e & 31] + total;
    for (int w = 1; w < held; w++) {
      total = total + sums[w][e >> 5][e & 31];
    }
    totals[e >> 5][e & 31] = total;
  }
  __syncthreads();
}

// Puts totals out; if gated, the first 16 rows of weights are gate projections, the others up projections.
template <int PITCH, typename Out>
__device__ __forceinline__ void put_totals(
    const float (*totals)[PITCH], const Tile& tile, int first, int outputs, const Out& out) {
  int across = Out::GATED ? 16 : 32;
#pragma unroll 1
  for (int e = threadIdx.x; e < across * tile.count; e += blockDim.x) {
    int token = e / across;
    int output = e % across;
    if (first + output < outputs) {
      out.put(tile, token, first + output, totals[token][output], Out::GATED ? totals[token][16 + output] : 0.0f);
    }
  }
}

#define MATMUL(name, activation, weight, body)                                                       \
  KERNEL __launch_bounds__(256) name(                                                                \
      const activation* x,                                                                           \
      i64 x_row_stride,                                                                              \
      i64 x_group_stride,                                                                            \
      const int* x_rows,                                                                             \
      const u64* groups,                                                                             \
      const Tile* tiles,                                                                             \
      int inputs,                                                                                    \
      int outputs,                                                                                   \
      float* out,                                                                                    \
      i64 out_row_stride,                                                                            \
      i64 out_group_stride,                                                                          \
      const int* out_rows,                                                                           \
      int accumulate) {                                                                              \
    Input<activation> input = {x, x_row_stride, x_group_stride, x_rows, inputs};                     \
    Plain<weight> plain = {groups, out, out_row_stride, out_group_stride, out_rows, accumulate};     \
    body(input, tiles, outputs, plain);                                                              \
  }

#define GATE_UP(name, activation, body)                                                              \
  KERNEL __launch_bounds__(256) name(                                                                \
      const activation* x,                                                                           \
      i64 x_row_stride,                                                                              \
      const int* x_rows,                                                                             \
      const u64* groups,                                                                             \
      const Tile* tiles,                                                                             \
      int inputs,                                                                                    \
      int outputs,                                                                                   \
      activation* out,                                                                               \
      i64 out_row_stride,                                                                            \
      float alpha,                                                                                   \
      float limit,                                                                                   \
      float shift) {                                                                                 \
    Input<activation> input = {x, x_row_stride, 0, x_rows, inputs};                                  \
    Gated<activation> gated = {groups, out, out_row_stride, alpha, limit, shift};                    \
    body(input, tiles, outputs, gated);                                                              \
  }
