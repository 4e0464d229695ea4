// Products of bfloat16 activations with bfloat16 weights on the tensor cores: dense projections, the LM head, one matrix per head, and
// experts over a table of pointers; and gate and up projection fused with the gated unit.
//
// Bits. Every variant computes an element of the result by the same instructions in the same order, so any may be used for any number
// of rows: mma.m16n8k16 with 16 weights' rows by 8 tokens, always weights on the left and tokens on the right; inputs in chunks of
// 256, each a chain of 16 instructions from zero; chunk sums added in order. An element of an mma depends on its row of the left and
// its column of the right operand only. (Chunks also keep the tensor core's truncating sums short.) A test at start-up and the
// conformance suite hold the hardware to this.
//
// Order of inputs. The instruction wants of each lane pairs of inputs from two places 8 apart. Which input stands where does not matter,
// as long as both operands agree. So of each 32 inputs lane q of a quad takes the 8 from 8q on, with one 16-byte load, and
// deals 0 1 2 3 of them to a first instruction, 4 5 6 7 to a second:
//
//   slot of first mma   0 1 | 2 3 | 4 5 | 6 7 | 8 9 | 10 11 | ...     second: the same + 4
//   input               0 1 | 8 9 | 16 17 | 24 25 | 2 3 | 10 11 | ...
//
// One such load fills both halves of an operand's row, from global memory in whole 64-byte pieces or from shared memory without bank
// conflicts (a quarter warp reads two rows of 64 bytes, one behind the other), so neither ldmatrix nor a swizzle nor a packed weight
// format is needed.
//
// Few rows (t8, t16, t32): bound by reading weights. A warp takes one chunk of 32 rows of weights straight from global memory; the
// warps of a block take different chunks. Many rows (t64, t128): bound by the tensor cores. A block takes 128 rows of weights by 64
// or 128 tokens through a ring of STAGES slices of 32 inputs in shared memory.

#define SLICE 32
#define STAGES 4

__device__ __forceinline__ uint4 load8(const bf16* from, int k, int inputs) {
  return k < inputs ? load_constant(from + k) : make_uint4(0, 0, 0, 0);
}

// A lane holds of a tile of 16 weights' rows by 8 tokens: rows lane / 4 (first two numbers) and + 8, tokens lane % 4 * 2 and + 1.

template <int COLUMNS, typename Out>
__device__ __forceinline__ void few_rows(const Input<bf16>& input, const Tile* tiles, int outputs, const Out& out) {
  constexpr int TOKENS = 8 * COLUMNS;
  constexpr int PITCH = 36;  // keeps the lanes of a warp that store together in different banks
  __shared__ float sums[8][TOKENS][PITCH];
  __shared__ float totals[TOKENS][PITCH];
  Tile tile = tiles[blockIdx.y];
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  int warps = blockDim.x >> 5;
  int row = lane >> 2;
  int quad = lane & 3;
  int across = Out::GATED ? 16 : 32;
  int first = blockIdx.x * across;

  const bf16* weights[2][2];
#pragma unroll
  for (int i = 0; i < 2; i++) {
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int output = first + (Out::GATED ? 0 : 16 * i) + row + 8 * h;
      output = output < outputs ? output : outputs - 1;
      weights[i][h] = out.weights(tile, i == 1) + (i64)output * input.inputs;
    }
  }
  const bf16* tokens[COLUMNS];
#pragma unroll
  for (int j = 0; j < COLUMNS; j++) {
    tokens[j] = input.row(tile, 8 * j + row);
  }

  int chunks = (input.inputs + CHUNK - 1) / CHUNK;
#pragma unroll 1
  for (int round = 0; round < chunks; round += warps) {
    if (round + warp < chunks) {
      float sum[2][COLUMNS][4] = {};
#pragma unroll 4
      for (int slice = 0; slice < CHUNK / SLICE; slice++) {
        int k = (round + warp) * CHUNK + slice * SLICE + quad * 8;
        uint4 left[2][2];
        uint4 right[COLUMNS];
#pragma unroll
        for (int i = 0; i < 4; i++) {
          left[i >> 1][i & 1] = load8(weights[i >> 1][i & 1], k, input.inputs);
        }
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
          right[j] = load8(tokens[j], k, input.inputs);
        }
#pragma unroll
        for (int i = 0; i < 2; i++) {
#pragma unroll
          for (int j = 0; j < COLUMNS; j++) {
            mma32(sum[i][j], left[i][0], left[i][1], right[j]);
          }
        }
      }
#pragma unroll
      for (int i = 0; i < 2; i++) {
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
#pragma unroll
          for (int c = 0; c < 4; c++) {
            sums[warp][8 * j + 2 * quad + (c & 1)][16 * i + row + 8 * (c >> 1)] = sum[i][j][c];
          }
        }
      }
    }
    __syncthreads();
    add_chunks(sums, totals, round, chunks);
  }
  put_totals(totals, tile, first, outputs, out);
}

// A row of the block's 128 rows of weights: a warp has 16 * HIGH of them, gate projections in the first half if gated.
template <int HIGH, typename Out>
__device__ __forceinline__ const bf16* weights_row(const Tile& tile, int row, int outputs, int inputs, const Out& out) {
  constexpr int OWN = 16 * HIGH;
  bool up = Out::GATED && row % OWN >= OWN / 2;
  int output = Out::GATED ? blockIdx.x * 64 + row / OWN * (OWN / 2) + row % (OWN / 2) : blockIdx.x * 128 + row;
  output = output < outputs ? output : outputs - 1;
  return out.weights(tile, up) + (i64)output * inputs;
}

template <int TOKENS, typename Out>
__device__ __forceinline__ void many_rows(const Input<bf16>& input, const Tile* tiles, int outputs, const Out& out) {
  constexpr int HIGH = TOKENS == 128 ? 4 : 2;  // tiles of 16 rows per warp, each by 32 tokens
  constexpr int ACROSS = TOKENS / 32;          // warps side by side over the tokens
  constexpr int COPIES = TOKENS / 64;
  constexpr int STAGE = (128 + TOKENS) * SLICE;
  DYNAMIC_SHARED(bf16, ring);
  Tile tile = tiles[blockIdx.y];
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  int row = lane >> 2;
  int quad = lane & 3;
  int own_rows = warp / ACROSS * 16 * HIGH;
  int own_tokens = warp % ACROSS * 32;

  int copied = threadIdx.x >> 2;
  int column = (threadIdx.x & 3) * 8;
  const bf16* weights[2];
  const bf16* tokens[COPIES];
#pragma unroll
  for (int i = 0; i < 2; i++) {
    weights[i] = weights_row<HIGH>(tile, copied + 64 * i, outputs, input.inputs, out);
  }
#pragma unroll
  for (int i = 0; i < COPIES; i++) {
    tokens[i] = input.row(tile, copied + 64 * i);
  }
  int slices = (input.inputs + SLICE - 1) / SLICE;
  auto fetch = [&](int slice) {
    if (slice < slices) {
      bf16* to = ring + slice % STAGES * STAGE + copied * SLICE + column;
      int k = slice * SLICE + column;
      bool wanted = k < input.inputs;
      k = wanted ? k : 0;
#pragma unroll
      for (int i = 0; i < 2; i++) {
        copy_async(to + 64 * i * SLICE, weights[i] + k, wanted);
      }
#pragma unroll
      for (int i = 0; i < COPIES; i++) {
        copy_async(to + (128 + 64 * i) * SLICE, tokens[i] + k, wanted);
      }
    }
    copies_commit();
  };

  float total[HIGH][4][4];
  float sum[HIGH][4][4] = {};
#pragma unroll
  for (int slice = 0; slice < STAGES - 1; slice++) {
    fetch(slice);
  }
#pragma unroll 1
  for (int slice = 0; slice < slices; slice++) {
    copies_wait<STAGES - 2>();
    __syncthreads();
    fetch(slice + STAGES - 1);
    const bf16* stage = ring + slice % STAGES * STAGE + quad * 8;
    uint4 right[4];
#pragma unroll
    for (int j = 0; j < 4; j++) {
      right[j] = *(const uint4*)(stage + (128 + own_tokens + 8 * j + row) * SLICE);
    }
#pragma unroll
    for (int i = 0; i < HIGH; i++) {
      uint4 low = *(const uint4*)(stage + (own_rows + 16 * i + row) * SLICE);
      uint4 high = *(const uint4*)(stage + (own_rows + 16 * i + row + 8) * SLICE);
#pragma unroll
      for (int j = 0; j < 4; j++) {
        mma32(sum[i][j], low, high, right[j]);
      }
    }
    if (slice % (CHUNK / SLICE) == CHUNK / SLICE - 1 || slice == slices - 1) {
#pragma unroll
      for (int i = 0; i < HIGH; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
#pragma unroll
          for (int c = 0; c < 4; c++) {
            total[i][j][c] = slice < CHUNK / SLICE ? sum[i][j][c] : total[i][j][c] + sum[i][j][c];
            sum[i][j][c] = 0.0f;
          }
        }
      }
    }
  }

  constexpr int PAIRS = Out::GATED ? HIGH / 2 : HIGH;
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        int token = own_tokens + 8 * j + 2 * quad + (c & 1);
        int within = 16 * i + row + 8 * (c >> 1);
        int output = Out::GATED ? blockIdx.x * 64 + own_rows / 2 + within : blockIdx.x * 128 + own_rows + within;
        if (token < tile.count && output < outputs) {
          out.put(tile, token, output, total[i][j][c], Out::GATED ? total[PAIRS % HIGH + i][j][c] : 0.0f);
        }
      }
    }
  }
}

MATMUL(matmul_bf16_t8, bf16, bf16, few_rows<1>)
MATMUL(matmul_bf16_t16, bf16, bf16, few_rows<2>)
MATMUL(matmul_bf16_t32, bf16, bf16, few_rows<4>)
MATMUL(matmul_bf16_t64, bf16, bf16, many_rows<64>)
MATMUL(matmul_bf16_t128, bf16, bf16, many_rows<128>)

GATE_UP(gate_up_bf16_t8, bf16, few_rows<1>)
GATE_UP(gate_up_bf16_t16, bf16, few_rows<2>)
GATE_UP(gate_up_bf16_t32, bf16, few_rows<4>)
GATE_UP(gate_up_bf16_t64, bf16, many_rows<64>)
GATE_UP(gate_up_bf16_t128, bf16, many_rows<128>)
