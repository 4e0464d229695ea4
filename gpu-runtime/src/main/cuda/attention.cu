// Paged causal attention (Kwon et al., arXiv 2309.06180) with an online softmax (Milakov and Gimelshein, arXiv 1805.02867): prefill,
// chunks of it and decode, grouped queries and latent attention, windows, chunks and sinks; and the merging of split walks
// (Dao et al., flash decoding).
//
// Bits. A query sees a contiguous range of keys that ends with its own. It walks segments of 1024 keys from position 0, in a
// segment blocks of 64 from the segment's first. Per block: scores, each a chain of fmaf over the key; the maximum; the weights
// exp(score - maximum); their sum over lanes (token, token + 32) by a butterfly; sum and values, multiplied by exp(old maximum - new), then
// a chain of fmaf over the tokens. Weights of keys that it does not see are 0 and take no part; a block without any leaves no trace; so
// neither does what lies in memory there. Segments are merged in order, whether one block of threads walks all or each its own. Queries
// are neither rounded nor split.
//
// A block of threads takes up to 16 queries that share a key/value head. Keys and values come slice by slice of 64 numbers through
// shared memory.

#define BLOCK_TOKENS 64
#define SEGMENT 1024
#define QUERIES 16
#define SLICE 64
#define PITCH 65
#define VALUE_SLICES 8
#define OWN 4  // queries per thread

struct Tile {
  int span;
  int first_query;
  int queries;
  int segment;
};

struct Merge {
  int span;
  int first_query;
  int queries;
  int first_tile;
  int segments;
};

struct Shape {
  int heads;
  int kv_heads;
  int key_dim;
  int value_dim;
  int window;
  int chunk;

  __device__ __forceinline__ int first(int position) const {
    if (window > 0) {
      return position >= window ? position - window + 1 : 0;
    }
    return chunk > 0 ? position / chunk * chunk : 0;
  }
};

// A block's share of the keys or values: [64][count of a slice], from numbers [64][dim] at `first` of each row.
template <typename A>
__device__ __forceinline__ void load_slice(const A* numbers, int dim, int first, float (*slice)[PITCH]) {
#pragma unroll 4
  for (int e = threadIdx.x; e < BLOCK_TOKENS * SLICE; e += 256) {
    int token = e / SLICE;
    int d = e % SLICE;
    slice[token][d] = first + d < dim ? load(numbers, (i64)token * dim + first + d) : 0.0f;
  }
}

// Where the finished query goes.
template <typename A>
__device__ __forceinline__ void put(void* out, int float_output, i64 index, float value) {
  if (float_output) {
    ((float*)out)[index] = value;
  } else {
    store((A*)out, index, value);
  }
}

__device__ __forceinline__ float with_sink(float sum, float maximum, const float* sinks, int head) {
  return sinks ? sum + exponential(sinks[head] - maximum) : sum;
}

template <typename A>
__device__ __forceinline__ void attention(
    const float* queries,
    const A* kv,
    const Span* spans,
    const int* blocks,
    const Tile* tiles,
    const Shape& shape,
    float scale,
    const float* sinks,
    void* out,
    int float_output,
    float* partials) {
  __shared__ float slice[BLOCK_TOKENS][PITCH];
  __shared__ float query[QUERIES][SLICE];
  __shared__ float weights[QUERIES][BLOCK_TOKENS];
  __shared__ float maxima[QUERIES];
  __shared__ float sums[QUERIES];
  __shared__ float factors[QUERIES];
  __shared__ float total_maxima[QUERIES];
  __shared__ float total_sums[QUERIES];
  Tile tile = tiles[blockIdx.x];
  Span span = spans[tile.span];
  int kv_head = blockIdx.y;
  int group = shape.heads / shape.kv_heads;
  int lane = threadIdx.x & 31;
  int warp = threadIdx.x >> 5;
  int column = threadIdx.x % SLICE;
  int own = threadIdx.x / SLICE * OWN;
  i64 block_numbers = (i64)shape.kv_heads * (shape.key_dim + shape.value_dim) * BLOCK_TOKENS;

  int last_query = tile.first_query + tile.queries - 1;
  int first_key = shape.first(span.start + tile.first_query / group);
  int last_key = span.start + last_query / group;
  int first_segment = first_key / SEGMENT;
  int last_segment = last_key / SEGMENT;
  if (tile.segment >= 0) {
    first_segment = last_segment = tile.segment;
  }

  // A thread keeps of four queries the numbers `column` of each slice of the values.
  float values[VALUE_SLICES][OWN];
  float totals[VALUE_SLICES][OWN];
#pragma unroll
  for (int s = 0; s < VALUE_SLICES; s++) {
#pragma unroll
    for (int q = 0; q < OWN; q++) {
      totals[s][q] = 0.0f;
    }
  }
  if (threadIdx.x < QUERIES) {
    total_maxima[threadIdx.x] = minus_infinity();
    total_sums[threadIdx.x] = 0.0f;
  }

  for (int segment = first_segment; segment <= last_segment; segment++) {
    __syncthreads();
    if (threadIdx.x < QUERIES) {
      maxima[threadIdx.x] = minus_infinity();
      sums[threadIdx.x] = 0.0f;
    }
#pragma unroll
    for (int s = 0; s < VALUE_SLICES; s++) {
#pragma unroll
      for (int q = 0; q < OWN; q++) {
        values[s][q] = 0.0f;
      }
    }
    int from = first_key > segment * SEGMENT ? first_key : segment * SEGMENT;
    int to = last_key < (segment + 1) * SEGMENT - 1 ? last_key : (segment + 1) * SEGMENT - 1;
    for (int block = from / BLOCK_TOKENS; block * BLOCK_TOKENS <= to; block++) {
      const A* base = kv + blocks[span.first_block + block] * block_numbers;
      const A* block_keys = base + (i64)kv_head * BLOCK_TOKENS * shape.key_dim;
      const A* block_values = base + ((i64)shape.kv_heads * shape.key_dim + (i64)kv_head * shape.value_dim) * BLOCK_TOKENS;

      // Scores: token `column`, four queries.
      float scores[OWN] = {};
      for (int d = 0; d < shape.key_dim; d += SLICE) {
        __syncthreads();
        load_slice(block_keys, shape.key_dim, d, slice);
        for (int e = threadIdx.x; e < QUERIES * SLICE; e += 256) {
          int q = e / SLICE;
          int number = tile.first_query + q;
          i64 part = (i64)(span.first_row + number / group) * shape.heads + kv_head * group + number % group;
          bool inside = q < tile.queries && d + e % SLICE < shape.key_dim;
          query[q][e % SLICE] = inside ? queries[part * shape.key_dim + d + e % SLICE] : 0.0f;
        }
        __syncthreads();
        int count = shape.key_dim - d < SLICE ? shape.key_dim - d : SLICE;
#pragma unroll 4
        for (int i = 0; i < count; i++) {
          float key = slice[column][i];
#pragma unroll
          for (int q = 0; q < OWN; q++) {
            scores[q] = fmaf(query[own + q][i], key, scores[q]);
          }
        }
      }
#pragma unroll
      for (int q = 0; q < OWN; q++) {
        weights[own + q][column] = scores[q] * scale;
      }
      __syncthreads();

      // Softmax: two queries per warp, two tokens per lane.
      for (int q = warp; q < QUERIES; q += 8) {
        int position = span.start + (tile.first_query + q) / group;
        int first_seen = shape.first(position) - block * BLOCK_TOKENS;
        int last_seen = position - block * BLOCK_TOKENS;
        bool sees_low = q < tile.queries && lane >= first_seen && lane <= last_seen;
        bool sees_high = q < tile.queries && lane + 32 >= first_seen && lane + 32 <= last_seen;
        float low = sees_low ? weights[q][lane] : minus_infinity();
        float high = sees_high ? weights[q][lane + 32] : minus_infinity();
        float old = maxima[q];
        float best = low > high ? low : high;
        best = warp_max(best > old ? best : old);
        float low_weight = sees_low ? exponential(low - best) : 0.0f;
        float high_weight = sees_high ? exponential(high - best) : 0.0f;
        float added = warp_sum(low_weight + high_weight);
        bool any = q < tile.queries && first_seen < BLOCK_TOKENS && last_seen >= 0;
        float factor = any ? exponential(old - best) : 1.0f;
        weights[q][lane] = low_weight;
        weights[q][lane + 32] = high_weight;
        if (lane == 0) {
          maxima[q] = any ? best : old;
          sums[q] = any ? sums[q] * factor + added : sums[q];
          factors[q] = factor;
        }
      }

#pragma unroll
      for (int s = 0; s < VALUE_SLICES; s++) {
        if (s * SLICE < shape.value_dim) {
          __syncthreads();
          load_slice(block_values, shape.value_dim, s * SLICE, slice);
          __syncthreads();
#pragma unroll
          for (int q = 0; q < OWN; q++) {
            values[s][q] = values[s][q] * factors[own + q];
          }
#pragma unroll 4
          for (int token = 0; token < BLOCK_TOKENS; token++) {
            float value = slice[token][column];
#pragma unroll
            for (int q = 0; q < OWN; q++) {
              float weight = weights[own + q][token];
              values[s][q] = weight == 0.0f ? values[s][q] : fmaf(weight, value, values[s][q]);
            }
          }
        }
      }
    }

    // This segment joins the others.
    __syncthreads();
#pragma unroll
    for (int q = 0; q < OWN; q++) {
      float total_maximum = total_maxima[own + q];
      float maximum = maxima[own + q];
      float best = total_maximum > maximum ? total_maximum : maximum;
      float old = exponential(total_maximum - best);
      float now = exponential(maximum - best);
      bool any = maximum != minus_infinity();
#pragma unroll
      for (int s = 0; s < VALUE_SLICES; s++) {
        float merged = totals[s][q] * old + values[s][q] * now;
        totals[s][q] = tile.segment >= 0 ? values[s][q] : any ? merged : totals[s][q];
      }
    }
    __syncthreads();
    if (threadIdx.x < QUERIES && maxima[threadIdx.x] != minus_infinity()) {
      float total_maximum = total_maxima[threadIdx.x];
      float maximum = maxima[threadIdx.x];
      float best = total_maximum > maximum ? total_maximum : maximum;
      total_sums[threadIdx.x] =
          total_sums[threadIdx.x] * exponential(total_maximum - best) + sums[threadIdx.x] * exponential(maximum - best);
      total_maxima[threadIdx.x] = best;
    }
  }

  __syncthreads();
#pragma unroll
  for (int q = 0; q < OWN; q++) {
    if (own + q >= tile.queries) {
      break;
    }
    int number = tile.first_query + own + q;
    int head = kv_head * group + number % group;
    i64 part = (i64)(span.first_row + number / group) * shape.heads + head;
    i64 partial = (((i64)blockIdx.x * shape.kv_heads + kv_head) * QUERIES + own + q) * (shape.value_dim + 2);
    float sum = with_sink(total_sums[own + q], total_maxima[own + q], sinks, head);
    if (tile.segment >= 0 && column == 0) {
      partials[partial] = total_maxima[own + q];
      partials[partial + 1] = total_sums[own + q];
    }
#pragma unroll
    for (int s = 0; s < VALUE_SLICES; s++) {
      int d = s * SLICE + column;
      if (d < shape.value_dim && tile.segment >= 0) {
        partials[partial + 2 + d] = totals[s][q];
      } else if (d < shape.value_dim) {
        put<A>(out, float_output, part * shape.value_dim + d, totals[s][q] / sum);
      }
    }
  }
}

template <typename A>
__device__ __forceinline__ void merge(
    const float* partials,
    const Span* spans,
    const Merge* merges,
    int heads,
    int kv_heads,
    int value_dim,
    const float* sinks,
    void* out,
    int float_output) {
  Merge merge = merges[blockIdx.x];
  Span span = spans[merge.span];
  int kv_head = blockIdx.y;
  int group = heads / kv_heads;
  for (int e = threadIdx.x; e < merge.queries * value_dim; e += 256) {
    int q = e / value_dim;
    int d = e % value_dim;
    float total_maximum = minus_infinity();
    float total_sum = 0.0f;
    float total = 0.0f;
    for (int segment = 0; segment < merge.segments; segment++) {
      const float* partial =
          partials + (((i64)(merge.first_tile + segment) * kv_heads + kv_head) * QUERIES + q) * (value_dim + 2);
      float maximum = partial[0];
      if (maximum != minus_infinity()) {
        float best = total_maximum > maximum ? total_maximum : maximum;
        float old = exponential(total_maximum - best);
        float now = exponential(maximum - best);
        total_sum = total_sum * old + partial[1] * now;
        total = total * old + partial[2 + d] * now;
        total_maximum = best;
      }
    }
    int number = merge.first_query + q;
    int head = kv_head * group + number % group;
    i64 part = (i64)(span.first_row + number / group) * heads + head;
    float sum = with_sink(total_sum, total_maximum, sinks, head);
    put<A>(out, float_output, part * value_dim + d, total / sum);
  }
}

#define ATTENTION(name, type)                                                                     \
  KERNEL __launch_bounds__(256) name(                                                             \
      const float* queries,                                                                       \
      const type* kv,                                                                             \
      const Span* spans,                                                                          \
      const int* blocks,                                                                          \
      const Tile* tiles,                                                                          \
      int heads,                                                                                  \
      int kv_heads,                                                                               \
      int key_dim,                                                                                \
      int value_dim,                                                                              \
      float scale,                                                                                \
      int window,                                                                                 \
      int chunk,                                                                                  \
      const float* sinks,                                                                         \
      void* out,                                                                                  \
      int float_output,                                                                           \
      float* partials) {                                                                          \
    Shape shape = {heads, kv_heads, key_dim, value_dim, window, chunk};                           \
    attention(queries, kv, spans, blocks, tiles, shape, scale, sinks, out, float_output, partials); \
  }

ATTENTION(attention_f32, float)
ATTENTION(attention_bf16, bf16)

#define MERGE(name, type)                                                                         \
  KERNEL __launch_bounds__(256) name(                                                             \
      const float* partials,                                                                      \
      const Span* spans,                                                                          \
      const Merge* merges,                                                                        \
      int heads,                                                                                  \
      int kv_heads,                                                                               \
      int value_dim,                                                                              \
      const float* sinks,                                                                         \
      void* out,                                                                                  \
      int float_output) {                                                                         \
    merge<type>(partials, spans, merges, heads, kv_heads, value_dim, sinks, out, float_output);   \
  }

MERGE(attention_merge_f32, float)
MERGE(attention_merge_bf16, bf16)
