// Attention in bfloat16, on the tensor cores; see attention.cuh. Keys stand on the left, 16 at a time, queries on the right; then values,
// 16 numbers at a time, on the left and weights on the right. All operands lie in shared memory in slices of 32 along the inner
// dimension, 64 bytes per row. The next block's keys are copied while this one's values are summed, its values while the next scores are
// taken.

// HIGH: tiles of 16 numbers of a value per warp.
template <int HIGH, int QUERIES>
struct Bf16Engine {
  static const int COLUMNS = QUERIES / 8;  // tiles of 8 queries

  const Work& work;
  Shared<QUERIES>& shared;
  Pool<bf16> pool;
  const float* queries;
  float scale;
  bf16* key_slices;    // [keys / 32][64][32]
  bf16* value_slices;  // [64 / 32][values][32]
  bf16* query_slices;  // [2 terms][keys / 32][QUERIES][32]
  bf16* weight_slices; // [2 terms][64 / 32][QUERIES][32]
  int slices;          // of a key
  int height;          // numbers of a value, in whole tiles
  int row;             // lane / 4
  int quad;            // lane % 4
  float sums[HIGH][COLUMNS][4];
  float totals[HIGH][COLUMNS][4];

  __device__ __forceinline__ void fetch_keys(int block) {
    const bf16* keys = pool.keys(work, block);
    int dim = work.shape.key_dim;
    for (int e = threadIdx.x; e < slices * BLOCK_TOKENS * 4; e += THREADS) {
      int d = e / (BLOCK_TOKENS * 4) * 32 + e % 4 * 8;
      int token = e / 4 % BLOCK_TOKENS;
      copy_async(key_slices + e * 8, keys + (d < dim ? token * dim + d : 0), d < dim);
    }
  }

  __device__ __forceinline__ void fetch_values(int block) {
    const bf16* values = pool.values(work, block);
    for (int e = threadIdx.x; e < 2 * height * 4; e += THREADS) {
      int d = e / 4 % height;
      int token = e / (height * 4) * 32 + e % 4 * 8;
      bool wanted = d < work.shape.value_dim;
      copy_async(value_slices + e * 8, values + (wanted ? d * BLOCK_TOKENS + token : 0), wanted);
    }
  }

  // Both terms of a number.
  __device__ __forceinline__ void split(float value, bf16* first, bf16* second) {
    bf16 high = to_bf16(value);
    *first = high;
    *second = to_bf16(value - from_bf16(high));
  }

  __device__ __forceinline__ void begin(int block) {
    row = (threadIdx.x & 31) >> 2;
    quad = threadIdx.x & 3;
    fetch_keys(block);
    copies_commit();
    fetch_values(block);
    copies_commit();
    int dim = work.shape.key_dim;
    int width = 32 * slices;
    for (int e = threadIdx.x; e < QUERIES * width; e += THREADS) {
      int q = e / width;
      int d = e % width;
      float value = q < work.tile.queries && d < dim ? queries[work.part(q) * dim + d] : 0.0f;
      bf16* to = query_slices + (d / 32 * QUERIES + q) * 32 + d % 32;
      split(value, to, to + QUERIES * width);
    }
#pragma unroll
    for (int i = 0; i < HIGH; i++) {
#pragma unroll
      for (int j = 0; j < COLUMNS; j++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          sums[i][j][c] = 0.0f;
          totals[i][j][c] = 0.0f;
        }
      }
    }
  }

  // Eight numbers of a row of a slice.
  __device__ __forceinline__ uint4 eight(const bf16* slice, int at) const { return *(const uint4*)(slice + at * 32 + quad * 8); }

  // A warp takes 16 keys and half of the queries.
  __device__ __forceinline__ void scores(int block, bool last) {
    copies_wait<1>();
    __syncthreads();
    int warp = threadIdx.x >> 5;
    int token = warp % 4 * 16;
    int first = warp / 4 * (QUERIES / 2);
    float sum[COLUMNS / 2][4] = {};
    for (int s = 0; s < slices; s++) {
      const bf16* keys = key_slices + s * BLOCK_TOKENS * 32;
      uint4 low = eight(keys, token + row);
      uint4 high = eight(keys, token + row + 8);
#pragma unroll
      for (int term = 0; term < 2; term++) {
#pragma unroll
        for (int j = 0; j < COLUMNS / 2; j++) {
          mma32(sum[j], low, high, eight(query_slices + (term * slices + s) * QUERIES * 32, first + 8 * j + row));
        }
      }
    }
#pragma unroll
    for (int j = 0; j < COLUMNS / 2; j++) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        shared.scores[first + 8 * j + 2 * quad + (c & 1)][token + row + 8 * (c >> 1)] = sum[j][c] * scale;
      }
    }
    __syncthreads();
    if (!last) {
      fetch_keys(block + 1);
    }
    copies_commit();
  }

  __device__ __forceinline__ void put_weight(int q, int token, float weight) {
    bf16* to = weight_slices + (token / 32 * QUERIES + q) * 32 + token % 32;
    split(weight, to, to + 2 * QUERIES * 32);
  }

  // All ones for the halves of a word that are not finite.
  __device__ __forceinline__ u32 broken(u32 pair) const { return ((((pair & 0x7f807f80u) + 0x00800080u) & 0x80008000u) >> 15) * 0xffffu; }

  // Eight numbers of a value, those that are not finite left out: a query that does not see them multiplies them, too.
  __device__ __forceinline__ uint4 finite_eight(const bf16* slice, int at, u32& found) const {
    uint4 numbers = eight(slice, at);
    u32 x = broken(numbers.x);
    u32 y = broken(numbers.y);
    u32 z = broken(numbers.z);
    u32 w = broken(numbers.w);
    found |= x | y | z | w;
    return {numbers.x & ~x, numbers.y & ~y, numbers.z & ~z, numbers.w & ~w};
  }

  // Whether a query sees a number of its value that is not finite.
  __device__ __noinline__ bool sees_broken(int number, int q) const {
    for (int token = 0; token < BLOCK_TOKENS; token++) {
      bf16 value = value_slices[(token / 32 * height + number) * 32 + token % 32];
      bf16 weight = weight_slices[(token / 32 * QUERIES + q) * 32 + token % 32];
      if (broken(value) && weight) {
        return true;
      }
    }
    return false;
  }

  // A warp takes every eighth tile of 16 numbers, and all queries.
  __device__ __forceinline__ void values(int block, bool last) {
    copies_wait<1>();
    __syncthreads();
    int warp = threadIdx.x >> 5;
#pragma unroll
    for (int i = 0; i < HIGH; i++) {
      int number = (8 * i + warp) * 16;
      if (number < height) {
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
#pragma unroll
          for (int c = 0; c < 4; c++) {
            sums[i][j][c] = sums[i][j][c] * shared.factors[8 * j + 2 * quad + (c & 1)];
          }
        }
        u32 found = 0;
#pragma unroll
        for (int s = 0; s < 2; s++) {
          uint4 low = finite_eight(value_slices + s * height * 32, number + row, found);
          uint4 high = finite_eight(value_slices + s * height * 32, number + row + 8, found);
#pragma unroll
          for (int term = 0; term < 2; term++) {
#pragma unroll
            for (int j = 0; j < COLUMNS; j++) {
              mma32(sums[i][j], low, high, eight(weight_slices + (2 * term + s) * QUERIES * 32, 8 * j + row));
            }
          }
        }
        // The four lanes of a row have its numbers between them.
        found |= __shfl_xor_sync(0xffffffffu, found, 1);
        found |= __shfl_xor_sync(0xffffffffu, found, 2);
        if (found) {
#pragma unroll
          for (int j = 0; j < COLUMNS; j++) {
#pragma unroll
            for (int c = 0; c < 4; c++) {
              if (sees_broken(number + row + 8 * (c >> 1), 8 * j + 2 * quad + (c & 1))) {
                sums[i][j][c] = __uint_as_float(0x7fffffffu);
              }
            }
          }
        }
        __syncwarp();
      }
    }
    __syncthreads();
    if (!last) {
      fetch_values(block + 1);
    }
    copies_commit();
  }

  __device__ __forceinline__ void join() {
#pragma unroll
    for (int j = 0; j < COLUMNS; j++) {
#pragma unroll
      for (int c = 0; c < 2; c++) {
        Join join(shared, 8 * j + 2 * quad + c);
#pragma unroll
        for (int i = 0; i < HIGH; i++) {
#pragma unroll
          for (int h = 0; h < 4; h += 2) {
            totals[i][j][c + h] = join.of(totals[i][j][c + h], sums[i][j][c + h]);
            sums[i][j][c + h] = 0.0f;
          }
        }
      }
    }
  }

  __device__ __forceinline__ void finish(const Result& result) {
#pragma unroll
    for (int i = 0; i < HIGH; i++) {
#pragma unroll
      for (int j = 0; j < COLUMNS; j++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          int number = (8 * i + (threadIdx.x >> 5)) * 16 + row + 8 * (c >> 1);
          result.finish<bf16>(work, shared, 8 * j + 2 * quad + (c & 1), number, totals[i][j][c]);
        }
      }
    }
  }
};

template <int HIGH, int QUERIES>
__device__ __forceinline__ void attend(const Work& work, Pool<bf16> pool, const float* queries, float scale, const Result& result) {
  __shared__ Shared<QUERIES> shared;
  __shared__ __align__(16) bf16 weights[2 * 2 * QUERIES * 32];
  DYNAMIC_SHARED(bf16, slices);
  int key_slices = (work.shape.key_dim + 31) / 32;
  int height = (work.shape.value_dim + 15) / 16 * 16;
  bf16* values = slices + key_slices * BLOCK_TOKENS * 32;
  bf16* query = values + 2 * height * 32;
  Bf16Engine<HIGH, QUERIES> engine = {work, shared, pool, queries, scale, slices, values, query, weights, key_slices, height};
  walk(engine, work, shared);
  engine.finish(result);
}

ATTENTION(attention_bf16, bf16, 1, 16)
ATTENTION(attention_bf16_many, bf16, 1, 64)
ATTENTION(attention_bf16_wide, bf16, 4, 16)
