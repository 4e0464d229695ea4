// Products of float32 activations with bfloat16 weights (the f32 compute type) and with float32 weights (routers in both types), and gate
// and up projection fused with the gated unit.
//
// Bits: an element is computed by one thread: inputs in chunks of 256, each a chain of fmaf over ascending inputs from zero, chunk sums
// added in order. So tiles of 8 and of 64 rows give the same.
//
// A block takes 64 rows of weights by 8 or 64 tokens, slices of 32 inputs at a time through shared memory.

#define SLICE 32
#define WEIGHT_ROWS 64

template <int TOKENS, typename Out>
__device__ __forceinline__ void product(const Input<float>& input, const Tile* tiles, int outputs, const Out& out) {
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
      right[t][e % SLICE] = k < input.inputs ? input.row(tile, t)[k] : 0.0f;
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

MATMUL(matmul_f32_t8, float, bf16, product<8>)
MATMUL(matmul_f32_t64, float, bf16, product<64>)
MATMUL(router_logits_t8, float, float, product<8>)
MATMUL(router_logits_t64, float, float, product<64>)

GATE_UP(gate_up_f32_t8, float, product<8>)
GATE_UP(gate_up_f32_t64, float, product<64>)
