// Attention in float32; see attention.cuh. Slices of 64 numbers of keys or values go through shared memory. A thread has four queries and
// one of the 64 tokens for scores, or one number of each slice of the values.

#define SLICE 64
#define QUERIES 16

template <int SLICES>
struct FloatEngine {
  static const int OWN = 4;

  const Work& work;
  Shared<QUERIES>& shared;
  Pool<float> pool;
  const float* queries;
  float scale;
  float (*slice)[SLICE + 1];
  float (*query)[SLICE];
  int column;
  int own;
  float sums[SLICES][OWN];
  float totals[SLICES][OWN];

  __device__ __forceinline__ void load_slice(const float* numbers, int dim, int from) {
#pragma unroll 4
    for (int e = threadIdx.x; e < BLOCK_TOKENS * SLICE; e += THREADS) {
      int d = from + e % SLICE;
      slice[e / SLICE][e % SLICE] = d < dim ? numbers[(i64)(e / SLICE) * dim + d] : 0.0f;
    }
  }

  __device__ __forceinline__ void begin(int) {
    column = threadIdx.x % SLICE;
    own = threadIdx.x / SLICE * OWN;
#pragma unroll
    for (int s = 0; s < SLICES; s++) {
#pragma unroll
      for (int q = 0; q < OWN; q++) {
        sums[s][q] = 0.0f;
        totals[s][q] = 0.0f;
      }
    }
  }

  __device__ __forceinline__ void scores(int block, bool) {
    const float* keys = pool.keys(work, block);
    int dim = work.shape.key_dim;
    float score[OWN] = {};
    for (int from = 0; from < dim; from += SLICE) {
      __syncthreads();
      load_slice(keys, dim, from);
      for (int e = threadIdx.x; e < QUERIES * SLICE; e += THREADS) {
        int q = e / SLICE;
        int d = from + e % SLICE;
        query[q][e % SLICE] = q < work.tile.queries && d < dim ? queries[work.part(q) * dim + d] : 0.0f;
      }
      __syncthreads();
      int count = dim - from < SLICE ? dim - from : SLICE;
#pragma unroll 4
      for (int i = 0; i < count; i++) {
        float key = slice[column][i];
#pragma unroll
        for (int q = 0; q < OWN; q++) {
          score[q] = fmaf(query[own + q][i], key, score[q]);
        }
      }
    }
#pragma unroll
    for (int q = 0; q < OWN; q++) {
      shared.scores[own + q][column] = score[q] * scale;
    }
    __syncthreads();
  }

  __device__ __forceinline__ void put_weight(int q, int token, float weight) { shared.scores[q][token] = weight; }

  __device__ __forceinline__ void values(int block, bool) {
    const float* numbers = pool.values(work, block);
#pragma unroll
    for (int s = 0; s < SLICES; s++) {
      if (s * SLICE < work.shape.value_dim) {
        __syncthreads();
        load_slice(numbers, work.shape.value_dim, s * SLICE);
        __syncthreads();
#pragma unroll
        for (int q = 0; q < OWN; q++) {
          sums[s][q] = sums[s][q] * shared.factors[own + q];
        }
#pragma unroll 4
        for (int token = 0; token < BLOCK_TOKENS; token++) {
          float value = slice[token][column];
#pragma unroll
          for (int q = 0; q < OWN; q++) {
            float weight = shared.scores[own + q][token];
            sums[s][q] = weight == 0.0f ? sums[s][q] : fmaf(weight, value, sums[s][q]);
          }
        }
      }
    }
  }

  __device__ __forceinline__ void join() {
#pragma unroll
    for (int q = 0; q < OWN; q++) {
      Join join(shared, own + q);
#pragma unroll
      for (int s = 0; s < SLICES; s++) {
        totals[s][q] = join.of(totals[s][q], sums[s][q]);
        sums[s][q] = 0.0f;
      }
    }
  }

  __device__ __forceinline__ void finish(const Result& result) {
#pragma unroll
    for (int q = 0; q < OWN; q++) {
#pragma unroll
      for (int s = 0; s < SLICES; s++) {
        result.finish<float>(work, shared, own + q, s * SLICE + column, totals[s][q]);
      }
    }
  }
};

template <int SLICES>
__device__ __forceinline__ void attend(const Work& work, Pool<float> pool, const float* queries, float scale, const Result& result) {
  __shared__ Shared<QUERIES> shared;
  __shared__ float slice[BLOCK_TOKENS][SLICE + 1];
  __shared__ float query[QUERIES][SLICE];
  FloatEngine<SLICES> engine = {work, shared, pool, queries, scale, slice, query};
  walk(engine, work, shared);
  engine.finish(result);
}

ATTENTION(attention_f32, float, 2)
ATTENTION(attention_f32_wide, float, 8)
