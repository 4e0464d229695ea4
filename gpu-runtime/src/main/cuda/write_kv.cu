// Stores keys and values in the paged pool: one block per row. The row that stores a block's first token also zeroes those of its
// tokens that this call does not store, so that nothing of a former owner is left.
//
// In float32 values lie as keys do, [token][number]; in bfloat16 transposed, [number][token], as the tensor cores want them.

#define BLOCK_TOKENS 64

template <bool TRANSPOSED>
__device__ __forceinline__ i64 place(i64 head, int number, int token, int dim) {
  return TRANSPOSED ? (head * dim + number) * BLOCK_TOKENS + token : (head * BLOCK_TOKENS + token) * dim + number;
}

template <bool TRANSPOSED, typename A>
__device__ __forceinline__ void store_part(const float* from, A* block, int token, int heads, int dim, int zero_from) {
  for (int i = threadIdx.x; i < heads * dim; i += blockDim.x) {
    store(block, place<TRANSPOSED>(i / dim, i % dim, token, dim), from[i]);
  }
  int zeroes = BLOCK_TOKENS - zero_from;
  for (int i = threadIdx.x; i < heads * dim * zeroes; i += blockDim.x) {
    int number = TRANSPOSED ? i / zeroes % dim : i % dim;
    int zeroed = zero_from + (TRANSPOSED ? i % zeroes : i / dim % zeroes);
    store(block, place<TRANSPOSED>(i / (dim * zeroes), number, zeroed, dim), 0.0f);
  }
}

template <bool TRANSPOSED, typename A>
__device__ __forceinline__ void write_kv(
    const float* keys, const float* values, const Span* spans, const int* blocks, int kv_heads, int key_dim, int value_dim, A* kv) {
  Span span = spans[blockIdx.y];
  int row = blockIdx.x;
  if (row >= span.rows) {
    return;
  }
  int position = span.start + row;
  int token = position % BLOCK_TOKENS;
  i64 numbers = (i64)kv_heads * (key_dim + value_dim) * BLOCK_TOKENS;
  A* block = kv + blocks[span.first_block + position / BLOCK_TOKENS] * numbers;
  int stored = span.rows - row;
  int zero_from = token == 0 && stored < BLOCK_TOKENS ? stored : BLOCK_TOKENS;
  i64 from = span.first_row + row;
  store_part<false>(keys + from * kv_heads * key_dim, block, token, kv_heads, key_dim, zero_from);
  A* second = block + (i64)kv_heads * key_dim * BLOCK_TOKENS;
  store_part<TRANSPOSED>(values + from * kv_heads * value_dim, second, token, kv_heads, value_dim, zero_from);
}

KERNEL write_kv_f32(
    const float* keys, const float* values, const Span* spans, const int* blocks, int kv_heads, int key_dim, int value_dim, float* kv) {
  write_kv<false>(keys, values, spans, blocks, kv_heads, key_dim, value_dim, kv);
}

KERNEL write_kv_bf16(
    const float* keys, const float* values, const Span* spans, const int* blocks, int kv_heads, int key_dim, int value_dim, bf16* kv) {
  write_kv<true>(keys, values, spans, blocks, kv_heads, key_dim, value_dim, kv);
}
