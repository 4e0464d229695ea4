// What every kernel file starts with (put in front by the compiler's -include): types, conversions, the tensor core and asynchronous
// copies, the exponential, sums over a warp and a block. No header is needed. Compiled with -fmad=false: a product is fused with a sum
// only where fmaf says so, so results are a matter of this text and not of the compiler.
//
// With DREY_EMULATED a test defines the primitives itself and runs the kernels on the processor.

typedef unsigned short bf16;  // the bits of a bfloat16
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#ifndef DREY_EMULATED

#define KERNEL extern "C" __global__ void

// The shared memory whose size the launch gives.
#define DYNAMIC_SHARED(type, name) extern __shared__ __align__(16) type name[]

__device__ __forceinline__ bf16 to_bf16(float value) {
  bf16 bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

// 16 bytes of global memory that nothing writes while the kernel runs.
__device__ __forceinline__ uint4 load_constant(const void* global) {
  uint4 value;
  asm("ld.global.nc.v4.u32 {%0,%1,%2,%3}, [%4];"
      : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
      : "l"(__cvta_generic_to_global(global)));
  return value;
}

// sum += a · b for a tile of 16 rows, 8 columns and 16 products each, spread over the warp as PTX says for m16n8k16.
__device__ __forceinline__ void mma(float (&sum)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// Starts a copy of 16 bytes to shared memory; where it is not wanted, zeros are written and nothing is read.
__device__ __forceinline__ void copy_async(void* shared, const void* global, bool wanted) {
  u32 to = (u32)__cvta_generic_to_shared(shared);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(wanted ? 16 : 0) : "memory");
}

__device__ __forceinline__ void copies_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most so many groups of this thread's copies are under way.
template <int GROUPS>
__device__ __forceinline__ void copies_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
}

#endif

__device__ __forceinline__ float from_bf16(bf16 bits) { return __uint_as_float((u32)bits << 16); }

__device__ __forceinline__ float load(const float* x, i64 index) { return x[index]; }
__device__ __forceinline__ float load(const bf16* x, i64 index) { return from_bf16(x[index]); }
__device__ __forceinline__ void store(float* x, i64 index, float value) { x[index] = value; }
__device__ __forceinline__ void store(bf16* x, i64 index, float value) { x[index] = to_bf16(value); }

// exp by reduction to [-ln 2 / 2, ln 2 / 2] and its Taylor polynomial of degree 7; within an ulp.
__device__ __forceinline__ float exponential(float x) {
  if (!(x > -104.0f)) {
    return x != x ? x : 0.0f;
  }
  if (x > 89.0f) {
    return __uint_as_float(0x7f800000u);
  }
  float n = rintf(x * 1.44269504f);
  float r = fmaf(n, -0.693145752f, x);
  r = fmaf(n, -1.42860677e-6f, r);
  float p = 1.98412698e-4f;
  p = fmaf(p, r, 1.38888889e-3f);
  p = fmaf(p, r, 8.33333333e-3f);
  p = fmaf(p, r, 4.16666667e-2f);
  p = fmaf(p, r, 1.66666667e-1f);
  p = fmaf(p, r, 0.5f);
  p = fmaf(p * r, r, r) + 1.0f;
  int half = (int)n / 2;
  int rest = (int)n - half;
  return p * __uint_as_float((u32)(half + 127) << 23) * __uint_as_float((u32)(rest + 127) << 23);
}

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

__device__ __forceinline__ float minus_infinity() { return __uint_as_float(0xff800000u); }

// The sum over a warp, the same in every lane.
__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, distance);
  }
  return value;
}

__device__ __forceinline__ float warp_max(float value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    float other = __shfl_xor_sync(0xffffffffu, value, distance);
    value = other > value ? other : value;
  }
  return value;
}

// The sum over a block of whole warps: each warp's, then these in order. Every thread calls it and gets it.
__device__ __forceinline__ float block_sum(float value) {
  __shared__ float warps[32];
  float sum = warp_sum(value);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) {
    warps[threadIdx.x >> 5] = sum;
  }
  __syncthreads();
  sum = warps[0];
  for (int warp = 1; warp < (int)blockDim.x >> 5; warp++) {
    sum += warps[warp];
  }
  return sum;
}

// Both instructions of 32 inputs, of which a lane holds 8 of rows lane / 4 and + 8 on the left (low, high) and of column lane / 4 on the
// right; see products_bf16.cu.
__device__ __forceinline__ void mma32(float (&sum)[4], const uint4& low, const uint4& high, const uint4& right) {
  mma(sum, low.x, high.x, low.y, high.y, right.x, right.y);
  mma(sum, low.z, high.z, low.w, high.w, right.z, right.w);
}

// The index of this thread among all of a launch of rule E.
__device__ __forceinline__ i64 element() { return (i64)blockIdx.x * blockDim.x + threadIdx.x; }

// Rows of one sequence, see README.md.
struct Span {
  int first_row;
  int rows;
  int start;
  int first_block;
  int state;
};
