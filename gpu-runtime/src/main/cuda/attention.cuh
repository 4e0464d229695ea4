// Paged causal attention (Kwon et al., arXiv 2309.06180) with an online softmax (Milakov and Gimelshein, arXiv 1805.02867): prefill,
// chunks of it and decode, grouped queries and latent attention, windows, chunks and sinks; and the merging of split walks (Dao
// et al., flash decoding).
//
// Bits. A query sees a contiguous range of keys that ends with its own. It walks segments of 1024 keys from position 0, in a
// segment blocks of 64 from the segment's first. Per block: scores; the maximum; the weights exp(score - maximum); their sum over lanes
// (token, token + 32) by a butterfly; sum and values multiplied by exp(old maximum - new); then the values' weighted sum is added. Weights
// of keys that it does not see are 0; a block without any other leaves no trace. Segments are merged in order, whether one block of
// threads walks all or each its own.
//
// Scores and weighted sums in float32: a chain of fmaf over the key's numbers, over the tokens (tokens of weight 0 are left out).
// In bfloat16 on the tensor cores: queries and weights are each split in two bfloat16 terms, so that no digits of theirs are lost that
// matter; 32 numbers or tokens at a time the first term's instructions, then the second's, all in one chain (the order within is
// that of products_bf16.cu). There tokens of weight 0 are multiplied, so numbers of values that are not finite are taken for 0, and a
// query that sees one gets a NaN in its place. For this product write_kv stores values transposed.
//
// A block of threads takes up to 16 queries that share a key/value head; in bfloat16 there is a variant for 64, the same bits, for
// long chunks of prefill.

#define BLOCK_TOKENS 64
#define SEGMENT_BLOCKS 16
#define PARTIAL_QUERIES 16
#define THREADS 256

struct Tile {
  int span;
  int first_query;
  int queries;
  int segment;
};

struct Shape {
  int heads;
  int kv_heads;
  int key_dim;
  int value_dim;
  int window;
  int chunk;

  __device__ __forceinline__ int group() const { return heads / kv_heads; }

  __device__ __forceinline__ int first_key(int position) const {
    if (window > 0) {
      return position >= window ? position - window + 1 : 0;
    }
    return chunk > 0 ? position / chunk * chunk : 0;
  }
};

// A block of threads' work: queries of a span, numbered row * group + head in the group.
struct Work {
  Shape shape;
  Tile tile;
  Span span;
  int kv_head;

  __device__ __forceinline__ int position(int query) const { return span.start + (tile.first_query + query) / shape.group(); }

  __device__ __forceinline__ int head(int query) const {
    return kv_head * shape.group() + (tile.first_query + query) % shape.group();
  }

  // Index of a query among all heads of all rows.
  __device__ __forceinline__ i64 part(int query) const {
    return (i64)(span.first_row + (tile.first_query + query) / shape.group()) * shape.heads + head(query);
  }
};

// What the threads of a block share about its queries. Of the keys walked in this segment, and in all before it:
template <int QUERIES>
struct Shared {
  float scores[QUERIES][BLOCK_TOKENS + 4];
  float maxima[QUERIES];
  float sums[QUERIES];
  float factors[QUERIES];  // what a block multiplies earlier sums by
  float total_maxima[QUERIES];
  float total_sums[QUERIES];
};

struct Result {
  const float* sinks;
  void* out;
  int float_output;
  float* partials;

  template <typename A>
  __device__ __forceinline__ void put(i64 index, float value) const {
    if (float_output) {
      ((float*)out)[index] = value;
    } else {
      store((A*)out, index, value);
    }
  }

  __device__ __forceinline__ float divisor(float sum, float maximum, int head) const {
    return sinks ? sum + exponential(sinks[head] - maximum) : sum;
  }

  // A number of a finished query, or of a partial result.
  template <typename A, int QUERIES>
  __device__ __forceinline__ void finish(const Work& work, const Shared<QUERIES>& shared, int query, int number, float value) const {
    int width = work.shape.value_dim;
    if (query >= work.tile.queries || number >= width) {
      return;
    }
    if (work.tile.segment < 0) {
      float sum = divisor(shared.total_sums[query], shared.total_maxima[query], work.head(query));
      put<A>(work.part(query) * width + number, value / sum);
      return;
    }
    float* partial = partials + (((i64)blockIdx.x * work.shape.kv_heads + work.kv_head) * PARTIAL_QUERIES + query) * (width + 2);
    partial[2 + number] = value;
    if (number == 0) {
      partial[0] = shared.total_maxima[query];
      partial[1] = shared.total_sums[query];
    }
  }
};

// The softmax over a block's scores: a warp per query, two tokens per lane. Weights go where `put` takes them.
template <int QUERIES, typename Put>
__device__ __forceinline__ void softmax(const Work& work, int block, Shared<QUERIES>& shared, const Put& put) {
  int lane = threadIdx.x & 31;
  for (int q = threadIdx.x >> 5; q < QUERIES; q += THREADS / 32) {
    bool used = q < work.tile.queries;
    int position = work.position(used ? q : 0);
    int first = work.shape.first_key(position) - block * BLOCK_TOKENS;
    int last = position - block * BLOCK_TOKENS;
    bool sees_low = used && lane >= first && lane <= last;
    bool sees_high = used && lane + 32 >= first && lane + 32 <= last;
    float low = sees_low ? shared.scores[q][lane] : minus_infinity();
    float high = sees_high ? shared.scores[q][lane + 32] : minus_infinity();
    float old = shared.maxima[q];
    float best = low > high ? low : high;
    best = warp_max(best > old ? best : old);
    float low_weight = sees_low ? exponential(low - best) : 0.0f;
    float high_weight = sees_high ? exponential(high - best) : 0.0f;
    float added = warp_sum(low_weight + high_weight);
    bool any = used && first < BLOCK_TOKENS && last >= 0;
    float factor = any ? exponential(old - best) : 1.0f;
    put(q, lane, low_weight);
    put(q, lane + 32, high_weight);
    __syncwarp();
    if (lane == 0 && any) {
      shared.maxima[q] = best;
      shared.sums[q] = shared.sums[q] * factor + added;
    }
    if (lane == 0) {
      shared.factors[q] = factor;
    }
  }
}

// How a query's values of this segment join those of the segments before it.
struct Join {
  bool any;
  float old;
  float now;

  template <int QUERIES>
  __device__ __forceinline__ Join(const Shared<QUERIES>& shared, int query) {
    float total = shared.total_maxima[query];
    float maximum = shared.maxima[query];
    float best = total > maximum ? total : maximum;
    any = maximum != minus_infinity();
    old = exponential(total - best);
    now = exponential(maximum - best);
  }

  __device__ __forceinline__ float of(float total, float value) const { return any ? total * old + value * now : total; }
};

// Walks the blocks of keys; the arithmetic is Engine's.
template <int QUERIES, typename Engine>
__device__ __forceinline__ void walk(Engine& engine, const Work& work, Shared<QUERIES>& shared) {
  int first = work.shape.first_key(work.position(0)) / BLOCK_TOKENS;
  int last = work.position(work.tile.queries - 1) / BLOCK_TOKENS;
  if (work.tile.segment >= 0) {
    int from = work.tile.segment * SEGMENT_BLOCKS;
    first = first > from ? first : from;
    last = last < from + SEGMENT_BLOCKS - 1 ? last : from + SEGMENT_BLOCKS - 1;
  }
  if (threadIdx.x < QUERIES) {
    shared.maxima[threadIdx.x] = minus_infinity();
    shared.sums[threadIdx.x] = 0.0f;
    shared.total_maxima[threadIdx.x] = minus_infinity();
    shared.total_sums[threadIdx.x] = 0.0f;
  }
  engine.begin(first);
#pragma unroll 1
  for (int block = first; block <= last; block++) {
    engine.scores(block, block == last);
    softmax(work, block, shared, [&](int q, int token, float weight) { engine.put_weight(q, token, weight); });
    engine.values(block, block == last);
    if (block == last || block % SEGMENT_BLOCKS == SEGMENT_BLOCKS - 1) {
      engine.join();
      __syncthreads();
      if (threadIdx.x < QUERIES) {
        int q = threadIdx.x;
        Join join(shared, q);
        shared.total_sums[q] = join.of(shared.total_sums[q], shared.sums[q]);
        float total = shared.total_maxima[q];
        shared.total_maxima[q] = total > shared.maxima[q] ? total : shared.maxima[q];
        shared.maxima[q] = minus_infinity();
        shared.sums[q] = 0.0f;
      }
      __syncthreads();
    }
  }
}

// Where a block of keys and values lies.
template <typename A>
struct Pool {
  const A* kv;
  const int* blocks;

  __device__ __forceinline__ const A* keys(const Work& work, int block) const {
    const Shape& shape = work.shape;
    i64 numbers = (i64)shape.kv_heads * (shape.key_dim + shape.value_dim) * BLOCK_TOKENS;
    return kv + blocks[work.span.first_block + block] * numbers + (i64)work.kv_head * BLOCK_TOKENS * shape.key_dim;
  }

  __device__ __forceinline__ const A* values(const Work& work, int block) const {
    const Shape& shape = work.shape;
    i64 numbers = (i64)shape.kv_heads * (shape.key_dim + shape.value_dim) * BLOCK_TOKENS;
    i64 behind_keys = (i64)shape.kv_heads * shape.key_dim + (i64)work.kv_head * shape.value_dim;
    return kv + blocks[work.span.first_block + block] * numbers + behind_keys * BLOCK_TOKENS;
  }
};

#define ATTENTION(name, type, ...)                                              \
  KERNEL __launch_bounds__(THREADS) name(                                         \
      const float* queries,                                                       \
      const type* kv,                                                             \
      const Span* spans,                                                          \
      const int* blocks,                                                          \
      const Tile* tiles,                                                          \
      int heads,                                                                  \
      int kv_heads,                                                               \
      int key_dim,                                                                \
      int value_dim,                                                              \
      float scale,                                                                \
      int window,                                                                 \
      int chunk,                                                                  \
      const float* sinks,                                                         \
      void* out,                                                                  \
      int float_output,                                                           \
      float* partials) {                                                          \
    Tile tile = tiles[blockIdx.x];                                                \
    Shape shape = {heads, kv_heads, key_dim, value_dim, window, chunk};           \
    Work work = {shape, tile, spans[tile.span], (int)blockIdx.y};                 \
    Result result = {sinks, out, float_output, partials};                         \
    attend<__VA_ARGS__>(work, Pool<type>{kv, blocks}, queries, scale, result);          \
  }
