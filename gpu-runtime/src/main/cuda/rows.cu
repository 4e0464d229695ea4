// Lookups and gathers of whole rows: one block per row.

KERNEL embed(const bf16* table, const int* ids, int rows, int hidden, float* out) {
  const bf16* from = table + (i64)ids[blockIdx.x] * hidden;
  float* to = out + (i64)blockIdx.x * hidden;
  for (int i = threadIdx.x; i < hidden; i += blockDim.x) {
    to[i] = from_bf16(from[i]);
  }
}

KERNEL gather(const float* x, const int* rows, int count, int width, float* out) {
  const float* from = x + (i64)rows[blockIdx.x] * width;
  float* to = out + (i64)blockIdx.x * width;
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    to[i] = from[i];
  }
}

template <typename A>
__device__ __forceinline__ void scale_gather(const A* x, const int* rows, const float* scales, int width, A* out) {
  const A* from = x + (i64)rows[blockIdx.x] * width;
  A* to = out + (i64)blockIdx.x * width;
  float scale = scales[blockIdx.x];
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    store(to, i, load(from, i) * scale);
  }
}

KERNEL scale_gather_f32(const float* x, const int* rows, const float* scales, int count, int width, float* out) {
  scale_gather(x, rows, scales, width, out);
}

KERNEL scale_gather_bf16(const bf16* x, const int* rows, const float* scales, int count, int width, bf16* out) {
  scale_gather(x, rows, scales, width, out);
}
