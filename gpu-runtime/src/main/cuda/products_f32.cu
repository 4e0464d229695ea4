// Products of float32 activations with bfloat16 weights (the f32 compute type) and with float32 weights (routers in both types), and gate
// and up projection fused with the gated unit.
//
// Bits: an element is computed by one thread per chunk of 256 inputs: a chain of fmaf over ascending inputs from zero; chunk sums are
// added in order. So tiles of 8 and of 64 rows give the same.
//
// Few rows (t8): a warp takes one chunk of 32 rows of weights, a lane one row of them by all tokens; the warps of a block take different
// chunks. Many rows (t64): a block takes 64 rows of weights by 64 tokens, slices of 32 inputs at a time through shared memory.

#define SLICE 32
#define WEIGHT_ROWS 64

// Four numbers from an index that is a multiple of four.
__device__ __forceinline__ void load4(const float* from, float (&to)[4]) {
  float4 four = *(const float4*)from;
  to[0] = four.x;
  to[1] = four.y;
  to[2] = four.z;
  to[3] = four.w;
}

__device__ __forceinline__ void load4(const bf16* from, float (&to)[4]) {
  uint2 four = *(const uint2*)from;
  to[0] = __uint_as_float(four.x << 16);
  to[1] = __uint_as_float(four.x & 0xffff0000u);
  to[2] = __uint_as_float(four.y << 16);
  to[3] = __uint_as_float(four.y & 0xffff0000u);
}

template <int TOKENS, typename Out>
__device__ __forceinline__ void few_rows(const Input<float>& input, const Tile* tiles, int outputs, const Out& out) {
  __shared__ float sums[8][TOKENS][32];
  __shared__ float totals[TOKENS][32];
  Tile tile = tiles[blockIdx.y];
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  int warps = blockDim.x >> 5;
  int across = Out::GATED ? 16 : 32;
  int first = blockIdx.x * across;
  int output = first + lane % across;
  output = output < outputs ? output : outputs - 1;
  auto weights = out.weights(tile, lane >= across) + (i64)output * input.inputs;

  int chunks = (input.inputs + CHUNK - 1) / CHUNK;
#pragma unroll 1
  for (int round = 0; round < chunks; round += warps) {
    if (round + warp < chunks) {
      int from = (round + warp) * CHUNK;
      int to = from + CHUNK < input.inputs ? from + CHUNK : input.inputs;
      float sum[TOKENS] = {};
#pragma unroll 4
      for (int k = from; k < to; k += 4) {
        float weight[4];
        load4(weights + k, weight);
#pragma unroll
        for (int t = 0; t < TOKENS; t++) {
          float x[4];
          load4(input.row(tile, t) + k, x);
#pragma unroll
          for (int i = 0; i < 4; i++) {
            sum[t] = fmaf(x[i], weight[i], sum[t]);
          }
        }
      }
#pragma unroll
      for (int t = 0; t < TOKENS; t++) {
        sums[warp][t][lane] = sum[t];
      }
    }
    __syncthreads();
    add_chunks(sums, totals, round, chunks);
  }
  put_totals(totals, tile, first, outputs, out);
}

template <typename Out>
__device__ __forceinline__ void many_rows(const Input<float>& input, const Tile* tiles, int outputs, const Out& out) {
  constexpr int TOKENS = 64;
  constexpr int ROW_STEP = 16;
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

MATMUL(matmul_f32_t8, float, bf16, few_rows<8>)
MATMUL(matmul_f32_t64, float, bf16, many_rows)
MATMUL(router_logits_t8, float, float, few_rows<8>)
MATMUL(router_logits_t64, float, float, many_rows)

GATE_UP(gate_up_f32_t8, float, few_rows<8>)
GATE_UP(gate_up_f32_t64, float, many_rows)
