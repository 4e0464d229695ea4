/* What a kernel written in C sees: its parameters, the launch, and memory through checks. */
#ifndef DREY_FAKE_KERNEL_H
#define DREY_FAKE_KERNEL_H

#include "fake.h"

#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#define PARAMETERS 20

typedef uint16_t bf16;

typedef struct {
  const Work *work;
  uint64_t parameters[PARAMETERS];
  unsigned grid[3];
  unsigned block[3];
  unsigned shared;
  jmp_buf abandoned;
} Launch;

typedef void (*Kernel)(Launch *launch);

/* A kernel's parameters, one letter each: p(ointer), l(ong), i(nt), f(loat). */
typedef struct {
  const char *name;
  const char *parameters;
  Kernel kernel;
} Entry;

/* Tables end with a null name. */
extern const Entry products[];
extern const Entry elements[];
extern const Entry attentions[];
extern const Entry deltas[];
extern const Entry routers[];

static inline int as_int(const Launch *launch, int index) { return (int)launch->parameters[index]; }

static inline int64_t as_long(const Launch *launch, int index) { return (int64_t)launch->parameters[index]; }

static inline float as_float(const Launch *launch, int index) {
  uint32_t bits = (uint32_t)launch->parameters[index];
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static inline void *as_pointer(const Launch *launch, int index) { return (void *)launch->parameters[index]; }

/* Gives the kernel up, with a finding. */
void abandon(Launch *launch, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

/* Declares that the kernel reads or writes; abandons it if it must not. */
const void *reads(Launch *launch, const void *address, int64_t bytes);
void *writes(Launch *launch, void *address, int64_t bytes);

/* The same for a parameter. */
#define INPUT(type, index, count) ((const type *)reads(launch, as_pointer(launch, index), (int64_t)(count) * (int64_t)sizeof(type)))
#define OUTPUT(type, index, count) ((type *)writes(launch, as_pointer(launch, index), (int64_t)(count) * (int64_t)sizeof(type)))

/* Abandons the kernel if it was launched in another way than its rule says. */
void launched(Launch *launch, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y);
void launched_shared(Launch *launch, unsigned bytes);
/* Rule E. */
void launched_for_elements(Launch *launch, int64_t numbers);

static inline float from_bf16(bf16 bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

static inline bf16 to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if (value != value) {
    return 0x7fff;
  }
  return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* An activation, of either type. */
static inline float load(const void *numbers, int64_t index, int wide) {
  return wide ? ((const float *)numbers)[index] : from_bf16(((const bf16 *)numbers)[index]);
}

static inline void store(void *numbers, int64_t index, int wide, float value) {
  if (wide) {
    ((float *)numbers)[index] = value;
  } else {
    ((bf16 *)numbers)[index] = to_bf16(value);
  }
}

static inline int64_t divided_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* The kernels' own exponential, see common.cuh. */
float exponential(float x);
static inline float sigmoid(float x) { return 1 / (1 + exponential(-x)); }

/*
 * sum + left . right over 32 numbers (those from count on are zeros) as two instructions mma.m16n8k16 give it: the first takes the
 * numbers whose index has bit 2 clear, the second the others (see products_bf16.cu). What the tensor core does within an instruction
 * is not documented; here the 16 products and the sum are added in double, in a fixed tree, and rounded once.
 */
float tensor_core_32(float sum, const bf16 *left, const bf16 *right, int count);

/* The sum of 32 lanes' numbers as a butterfly of shuffles gives it; destroys them. */
float butterfly(float *lanes);
/* The same for all threads of a block: each warp, then the warps' sums in order. */
float block_sum(float *threads, int count);

#endif
