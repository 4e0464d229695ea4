// Runs CUDA kernels from their source on the processor, to see whether they do what their C versions do.
//
// A block's threads are coroutines on one thread of the processor; they take turns at barriers, shuffles and tensor-core instructions, in
// ascending or descending order (launches alternate, so that a missing barrier has a chance to show). The tensor core's operands are
// gathered and its result dealt out by the tables of the PTX manual for m16n8k16. Asynchronous copies are made when they are waited
// for, not before, or at once (launches alternate in this, too).
#ifndef DREY_EMULATION_H
#define DREY_EMULATION_H

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define DREY_EMULATED
#define KERNEL static void
#define __device__
#define __shared__ static
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(threads)
#define DYNAMIC_SHARED(type, name) type *name = (type *)dynamic_shared()

struct Index {
  unsigned x, y, z;
};

struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

struct alignas(8) uint2 {
  unsigned x, y;
};

struct alignas(16) float4 {
  float x, y, z, w;
};

static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

static Index threadIdx, blockIdx, blockDim, gridDim;

static inline float __uint_as_float(unsigned bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static inline unsigned __float_as_uint(float value) {
  unsigned bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static inline uint4 load_constant(const void *global) {
  uint4 value;
  memcpy(&value, global, sizeof value);
  return value;
}

static inline unsigned short to_bf16(float value) {
  unsigned bits = __float_as_uint(value);
  return value != value ? 0x7fff : (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// Where the warp's lanes lay out what others read.
struct Exchange {
  unsigned words[32][10];
};

void wait_for_block();
void wait_for_warp();
Exchange &exchange();
int lane_of_thread();
void *dynamic_shared();
void copy_any_time(void *shared, const void *global, bool wanted);
void commit_copies();
void make_copies(int groups_left);

static inline void __syncthreads() { wait_for_block(); }
static inline void __syncwarp() { wait_for_warp(); }

template <typename T>
static inline T __shfl_xor_sync(unsigned, T value, int distance) {
  static_assert(sizeof(T) == 4, "one word per lane");
  int lane = lane_of_thread();
  memcpy(&exchange().words[lane][0], &value, 4);
  wait_for_warp();
  T other;
  memcpy(&other, &exchange().words[lane ^ distance][0], 4);
  wait_for_warp();
  return other;
}

static inline double half_of(unsigned pair, int index) { return (double)__uint_as_float(index == 0 ? pair << 16 : pair & 0xffff0000u); }

// PTX manual, "Matrix fragments for mma.m16n8k16 with floating point type": a0 and a2 hold row lane / 4, a1 and a3 row + 8; a0 and a1
// columns lane % 4 * 2 and the next, a2 and a3 the same + 8; b0 rows lane % 4 * 2 and the next, b1 + 8, of column lane / 4; the sum's
// first two numbers row lane / 4, columns lane % 4 * 2 and the next, the other two row + 8.
static inline void mma(float (&sum)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1) {
  int lane = lane_of_thread();
  unsigned words[6] = {a0, a1, a2, a3, b0, b1};
  memcpy(exchange().words[lane], words, sizeof words);
  wait_for_warp();
  for (int c = 0; c < 4; c++) {
    int row = lane / 4 + 8 * (c / 2);
    int column = lane % 4 * 2 + c % 2;
    double slots[16];
    for (int k = 0; k < 16; k++) {
      const unsigned *a = exchange().words[row % 8 * 4 + k % 8 / 2];
      const unsigned *b = exchange().words[column * 4 + k % 8 / 2];
      slots[k] = half_of(a[(row >= 8 ? 1 : 0) + (k >= 8 ? 2 : 0)], k % 2) * half_of(b[4 + (k >= 8 ? 1 : 0)], k % 2);
    }
    for (int stride = 8; stride > 0; stride /= 2) {
      for (int k = 0; k < stride; k++) {
        slots[k] += slots[k + stride];
      }
    }
    sum[c] = (float)((double)sum[c] + slots[0]);
  }
  wait_for_warp();
}

static inline void copy_async(void *shared, const void *global, bool wanted) { copy_any_time(shared, global, wanted); }
static inline void copies_commit() { commit_copies(); }

template <int GROUPS>
static inline void copies_wait() {
  make_copies(GROUPS);
}

#endif
