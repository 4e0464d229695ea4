// Puts together what blocks of threads have found in single segments, in order of the segments; see attention.cuh.

struct Merge {
  int span;
  int first_query;
  int queries;
  int first_tile;
  int segments;
};

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
  for (int e = threadIdx.x; e < merge.queries * value_dim; e += THREADS) {
    int q = e / value_dim;
    int d = e % value_dim;
    float total_maximum = minus_infinity();
    float total_sum = 0.0f;
    float total = 0.0f;
    for (int segment = 0; segment < merge.segments; segment++) {
      const float* partial =
          partials + (((i64)(merge.first_tile + segment) * kv_heads + kv_head) * PARTIAL_QUERIES + q) * (value_dim + 2);
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
    i64 index = ((i64)(span.first_row + number / group) * heads + head) * value_dim + d;
    float value = total / (sinks ? total_sum + exponential(sinks[head] - total_maximum) : total_sum);
    if (float_output) {
      ((float*)out)[index] = value;
    } else {
      store((A*)out, index, value);
    }
  }
}

#define MERGE(name, type)                                                                       \
  KERNEL __launch_bounds__(THREADS) name(                                                           \
      const float* partials,                                                                    \
      const Span* spans,                                                                        \
      const Merge* merges,                                                                      \
      int heads,                                                                                \
      int kv_heads,                                                                             \
      int value_dim,                                                                            \
      const float* sinks,                                                                       \
      void* out,                                                                                \
      int float_output) {                                                                       \
    merge<type>(partials, spans, merges, heads, kv_heads, value_dim, sinks, out, float_output); \
  }

MERGE(attention_merge_f32, float)
MERGE(attention_merge_bf16, bf16)
