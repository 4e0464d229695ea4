/*
 * Products with weights, in the order of the kernels: chunks of 256 inputs from zero, added in order.
 * In bfloat16 a chunk is a chain of instructions of the tensor core.
 */
#include "kernel.h"

#define CHUNK 256

typedef enum { BF16, F32, F32_WEIGHTS } Kind;

static float chunk_bf16(const bf16 *x, const bf16 *weight, int from, int to) {
  float sum = 0;
  for (int slice = from; slice < to; slice += 32) {
    sum = tensor_core_32(sum, weight + slice, x + slice, to - slice);
  }
  return sum;
}

static float dot(const void *x, const void *weights, int64_t output, int inputs, Kind kind) {
  float total = 0;
  for (int from = 0; from < inputs; from += CHUNK) {
    int to = from + CHUNK < inputs ? from + CHUNK : inputs;
    float sum = 0;
    if (kind == BF16) {
      sum = chunk_bf16(x, (const bf16 *)weights + output * inputs, from, to);
    } else {
      for (int k = from; k < to; k++) {
        sum = fmaf(((const float *)x)[k], load(weights, output * inputs + k, kind == F32_WEIGHTS), sum);
      }
    }
    total = from == 0 ? sum : total + sum;
  }
  return total;
}

static void check_launch(Launch *launch, Kind kind, int rows, int inputs, int outputs, int parts) {
  if (inputs % 8 != 0) {
    abandon(launch, "%d inputs, which is not a multiple of 8", inputs);
  }
  int many = rows >= 64;
  int across = (!many ? 32 : kind == BF16 ? 128 : 64) / parts;
  int64_t chunks = divided_up(inputs, CHUNK);
  unsigned block = many ? 256 : 32 * (unsigned)(chunks < 8 ? chunks : 8);
  launched(launch, (unsigned)divided_up(outputs, across), launch->grid[1], 1, block, 1);
  launched_shared(launch, many && kind == BF16 ? 4 * 64 * (128 + (unsigned)rows) : 0);
}

static const void *row_of(Launch *launch, const char *x, int64_t index, int inputs, int size) {
  if ((index * size) % 16 != 0 || (uintptr_t)x % 16 != 0) {
    abandon(launch, "activations at number %ld of %p are not aligned to 16 bytes", (long)index, (const void *)x);
  }
  return reads(launch, x + index * size, (int64_t)inputs * size);
}

static const int *tiles_of(Launch *launch, int index, int rows) {
  const int *tiles = INPUT(int, index, 3 * (int64_t)launch->grid[1]);
  for (unsigned tile = 0; tile < launch->grid[1]; tile++) {
    int count = tiles[3 * tile + 2];
    if (count < 1 || count > rows) {
      abandon(launch, "tile %u has %d rows of at most %d", tile, count, rows);
    }
  }
  return tiles;
}

static void matmul(Launch *launch, Kind kind, int tile_rows) {
  int inputs = as_int(launch, 6);
  int outputs = as_int(launch, 7);
  int size = kind == BF16 ? 2 : 4;
  check_launch(launch, kind, tile_rows, inputs, outputs, 1);
  const int *tiles = tiles_of(launch, 5, tile_rows);
  const uint64_t *groups = as_pointer(launch, 4);
  const int *x_rows = as_pointer(launch, 3);
  const int *out_rows = as_pointer(launch, 11);
  float *out = as_pointer(launch, 8);
  for (unsigned tile = 0; tile < launch->grid[1]; tile++) {
    int group = tiles[3 * tile];
    const uint64_t *addresses = reads(launch, groups + 2 * group, 16);
    const void *weights = reads(launch, (void *)addresses[0], (int64_t)outputs * inputs * (kind == F32_WEIGHTS ? 4 : 2));
    const float *bias = addresses[1] == 0 ? NULL : reads(launch, (void *)addresses[1], (int64_t)outputs * 4);
    for (int row = tiles[3 * tile + 1]; row < tiles[3 * tile + 1] + tiles[3 * tile + 2]; row++) {
      int64_t x_row = x_rows == NULL ? row : *(const int *)reads(launch, x_rows + row, 4);
      int64_t out_row = out_rows == NULL ? row : *(const int *)reads(launch, out_rows + row, 4);
      const void *x = row_of(launch, as_pointer(launch, 0), group * as_long(launch, 2) + x_row * as_long(launch, 1), inputs, size);
      float *target = out + group * as_long(launch, 10) + out_row * as_long(launch, 9);
      if (as_int(launch, 12)) {
        reads(launch, target, (int64_t)outputs * 4);
      }
      writes(launch, target, (int64_t)outputs * 4);
      for (int output = 0; output < outputs; output++) {
        float sum = dot(x, weights, output, inputs, kind);
        sum = bias == NULL ? sum : sum + bias[output];
        target[output] = as_int(launch, 12) ? target[output] + sum : sum;
      }
    }
  }
}

static void gate_up(Launch *launch, Kind kind, int tile_rows) {
  int inputs = as_int(launch, 5);
  int outputs = as_int(launch, 6);
  float alpha = as_float(launch, 9);
  float limit = as_float(launch, 10);
  float shift = as_float(launch, 11);
  int size = kind == BF16 ? 2 : 4;
  check_launch(launch, kind, tile_rows, inputs, outputs, 2);
  const int *tiles = tiles_of(launch, 4, tile_rows);
  const uint64_t *groups = as_pointer(launch, 3);
  const int *x_rows = as_pointer(launch, 2);
  for (unsigned tile = 0; tile < launch->grid[1]; tile++) {
    const uint64_t *addresses = reads(launch, groups + 4 * tiles[3 * tile], 32);
    const void *weights[2];
    const float *biases[2];
    for (int i = 0; i < 2; i++) {
      weights[i] = reads(launch, (void *)addresses[i], (int64_t)outputs * inputs * 2);
      biases[i] = addresses[2 + i] == 0 ? NULL : reads(launch, (void *)addresses[2 + i], (int64_t)outputs * 4);
    }
    for (int row = tiles[3 * tile + 1]; row < tiles[3 * tile + 1] + tiles[3 * tile + 2]; row++) {
      int64_t x_row = x_rows == NULL ? row : *(const int *)reads(launch, x_rows + row, 4);
      const void *x = row_of(launch, as_pointer(launch, 0), x_row * as_long(launch, 1), inputs, size);
      char *target = (char *)as_pointer(launch, 7) + row * as_long(launch, 8) * size;
      writes(launch, target, (int64_t)outputs * size);
      for (int output = 0; output < outputs; output++) {
        float gate = dot(x, weights[0], output, inputs, kind);
        float up = dot(x, weights[1], output, inputs, kind);
        gate = biases[0] == NULL ? gate : gate + biases[0][output];
        up = biases[1] == NULL ? up : up + biases[1][output];
        if (limit > 0) {
          gate = gate > limit ? limit : gate;
          up = up > limit ? limit : up < -limit ? -limit : up;
        }
        store(target, output, kind != BF16, (up + shift) * (gate * sigmoid(alpha * gate)));
      }
    }
  }
}

#define PRODUCT(name, of, kind, rows) \
  static void name(Launch *launch) { of(launch, kind, rows); }

PRODUCT(matmul_bf16_t8, matmul, BF16, 8)
PRODUCT(matmul_bf16_t16, matmul, BF16, 16)
PRODUCT(matmul_bf16_t32, matmul, BF16, 32)
PRODUCT(matmul_bf16_t64, matmul, BF16, 64)
PRODUCT(matmul_bf16_t128, matmul, BF16, 128)
PRODUCT(matmul_f32_t8, matmul, F32, 8)
PRODUCT(matmul_f32_t64, matmul, F32, 64)
PRODUCT(router_logits_t8, matmul, F32_WEIGHTS, 8)
PRODUCT(router_logits_t64, matmul, F32_WEIGHTS, 64)
PRODUCT(gate_up_bf16_t8, gate_up, BF16, 8)
PRODUCT(gate_up_bf16_t16, gate_up, BF16, 16)
PRODUCT(gate_up_bf16_t32, gate_up, BF16, 32)
PRODUCT(gate_up_bf16_t64, gate_up, BF16, 64)
PRODUCT(gate_up_bf16_t128, gate_up, BF16, 128)
PRODUCT(gate_up_f32_t8, gate_up, F32, 8)
PRODUCT(gate_up_f32_t64, gate_up, F32, 64)

#define MATMUL "pllpppiipllpi"
#define GATE_UP "plpppiiplfff"

const Entry products[] = {
    {"matmul_bf16_t8", MATMUL, matmul_bf16_t8},
    {"matmul_bf16_t16", MATMUL, matmul_bf16_t16},
    {"matmul_bf16_t32", MATMUL, matmul_bf16_t32},
    {"matmul_bf16_t64", MATMUL, matmul_bf16_t64},
    {"matmul_bf16_t128", MATMUL, matmul_bf16_t128},
    {"matmul_f32_t8", MATMUL, matmul_f32_t8},
    {"matmul_f32_t64", MATMUL, matmul_f32_t64},
    {"router_logits_t8", MATMUL, router_logits_t8},
    {"router_logits_t64", MATMUL, router_logits_t64},
    {"gate_up_bf16_t8", GATE_UP, gate_up_bf16_t8},
    {"gate_up_bf16_t16", GATE_UP, gate_up_bf16_t16},
    {"gate_up_bf16_t32", GATE_UP, gate_up_bf16_t32},
    {"gate_up_bf16_t64", GATE_UP, gate_up_bf16_t64},
    {"gate_up_bf16_t128", GATE_UP, gate_up_bf16_t128},
    {"gate_up_f32_t8", GATE_UP, gate_up_f32_t8},
    {"gate_up_f32_t64", GATE_UP, gate_up_f32_t64},
    {NULL, NULL, NULL}};
