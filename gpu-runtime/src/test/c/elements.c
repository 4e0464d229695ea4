/* Rows and single numbers. */
#include "kernel.h"

static void embed(Launch *launch) {
  int rows = as_int(launch, 2);
  int hidden = as_int(launch, 3);
  launched(launch, (unsigned)rows, 1, 1, 256, 1);
  const bf16 *table = as_pointer(launch, 0);
  const int *ids = INPUT(int, 1, rows);
  float *out = OUTPUT(float, 4, (int64_t)rows * hidden);
  for (int row = 0; row < rows; row++) {
    const bf16 *from = reads(launch, table + (int64_t)ids[row] * hidden, (int64_t)hidden * 2);
    for (int i = 0; i < hidden; i++) {
      out[(int64_t)row * hidden + i] = from_bf16(from[i]);
    }
  }
}

/* One row; sums run over threads, each of which takes every blockth number. */
static void normalise(
    const float *x, int width, int layer, const float *weight, const float *bias, float epsilon, int block, float *normed) {
  float threads[256];
  float mean = 0;
  if (layer) {
    for (int thread = 0; thread < block; thread++) {
      threads[thread] = 0;
      for (int i = thread; i < width; i += block) {
        threads[thread] += x[i];
      }
    }
    mean = block_sum(threads, block) / (float)width;
  }
  for (int thread = 0; thread < block; thread++) {
    threads[thread] = 0;
    for (int i = thread; i < width; i += block) {
      threads[thread] = fmaf(x[i] - mean, x[i] - mean, threads[thread]);
    }
  }
  float factor = 1 / sqrtf(block_sum(threads, block) / (float)width + epsilon);
  for (int i = 0; i < width; i++) {
    normed[i] = (x[i] - mean) * factor * weight[i];
    if (bias != NULL) {
      normed[i] += bias[i];
    }
  }
}

static void norm(Launch *launch, int wide) {
  int rows = as_int(launch, 1);
  int width = as_int(launch, 2);
  int block = width <= 256 ? 32 : 256;
  launched(launch, (unsigned)rows, 1, 1, (unsigned)block, 1);
  const float *x = INPUT(float, 0, (int64_t)rows * width);
  const float *weight = INPUT(float, 4, width);
  const float *bias = as_pointer(launch, 5) == NULL ? NULL : INPUT(float, 5, width);
  void *out = writes(launch, as_pointer(launch, 7), (int64_t)rows * width * (wide ? 4 : 2));
  for (int row = 0; row < rows; row++) {
    float normed[width];
    normalise(x + (int64_t)row * width, width, as_int(launch, 3), weight, bias, as_float(launch, 6), block, normed);
    for (int i = 0; i < width; i++) {
      store(out, (int64_t)row * width + i, wide, normed[i]);
    }
  }
}

static void norm_f32(Launch *launch) { norm(launch, 1); }
static void norm_bf16(Launch *launch) { norm(launch, 0); }

static void delta_gate(Launch *launch, int wide) {
  int parts = as_int(launch, 2);
  int width = as_int(launch, 3);
  int block = width <= 256 ? 32 : 256;
  launched(launch, (unsigned)parts, 1, 1, (unsigned)block, 1);
  const float *x = INPUT(float, 0, (int64_t)parts * width);
  const float *gate = INPUT(float, 1, (int64_t)parts * width);
  const float *weight = INPUT(float, 5, width);
  const float *bias = as_pointer(launch, 6) == NULL ? NULL : INPUT(float, 6, width);
  void *out = writes(launch, as_pointer(launch, 8), (int64_t)parts * width * (wide ? 4 : 2));
  for (int part = 0; part < parts; part++) {
    float normed[width];
    normalise(x + (int64_t)part * width, width, as_int(launch, 4), weight, bias, as_float(launch, 7), block, normed);
    for (int i = 0; i < width; i++) {
      float g = gate[(int64_t)part * width + i];
      store(out, (int64_t)part * width + i, wide, normed[i] * (g * sigmoid(g)));
    }
  }
}

static void delta_gate_f32(Launch *launch) { delta_gate(launch, 1); }
static void delta_gate_bf16(Launch *launch) { delta_gate(launch, 0); }

static void convert(Launch *launch, int wide, int remainder) {
  int64_t n = as_long(launch, 1);
  launched_for_elements(launch, n);
  const float *x = INPUT(float, 0, n);
  void *out = writes(launch, as_pointer(launch, 2), n * (wide ? 4 : 2));
  for (int64_t i = 0; i < n; i++) {
    float rounded = wide ? x[i] : from_bf16(to_bf16(x[i]));
    store(out, i, wide, remainder ? x[i] - rounded : x[i]);
  }
}

static void convert_f32(Launch *launch) { convert(launch, 1, 0); }
static void convert_bf16(Launch *launch) { convert(launch, 0, 0); }
static void remainders_f32(Launch *launch) { convert(launch, 1, 1); }
static void remainders_bf16(Launch *launch) { convert(launch, 0, 1); }

static void copy_heads(Launch *launch) {
  int64_t parts = as_long(launch, 1);
  int width = as_int(launch, 2);
  int stride = as_int(launch, 4);
  int offset = as_int(launch, 5);
  launched_for_elements(launch, parts * width);
  const float *x = INPUT(float, 0, parts * width);
  float *out = as_pointer(launch, 3);
  for (int64_t part = 0; part < parts; part++) {
    float *to = writes(launch, out + part * stride + offset, (int64_t)width * 4);
    memcpy(to, x + part * width, (size_t)width * 4);
  }
}

static void rotary(Launch *launch) {
  int rows = as_int(launch, 1);
  int heads = as_int(launch, 2);
  int width = as_int(launch, 3);
  int half = as_int(launch, 7) / 2;
  int interleaved = as_int(launch, 8);
  launched_for_elements(launch, (int64_t)rows * heads * half);
  INPUT(float, 0, (int64_t)rows * heads * width);
  float *x = OUTPUT(float, 0, (int64_t)rows * heads * width);
  const int *table_rows = INPUT(int, 4, rows);
  for (int row = 0; row < rows; row++) {
    const float *cosines = reads(launch, (const float *)as_pointer(launch, 5) + (int64_t)table_rows[row] * half, half * 4);
    const float *sines = reads(launch, (const float *)as_pointer(launch, 6) + (int64_t)table_rows[row] * half, half * 4);
    for (int head = 0; head < heads; head++) {
      float *from = x + ((int64_t)row * heads + head) * width;
      for (int i = 0; i < half; i++) {
        float *one = from + (interleaved ? 2 * i : i);
        float *other = interleaved ? one + 1 : one + half;
        float first = *one;
        float second = *other;
        *one = first * cosines[i] - second * sines[i];
        *other = second * cosines[i] + first * sines[i];
      }
    }
  }
}

static void clamp(Launch *launch) {
  int64_t n = as_long(launch, 1);
  float limit = as_float(launch, 2);
  launched_for_elements(launch, n);
  INPUT(float, 0, n);
  float *x = OUTPUT(float, 0, n);
  for (int64_t i = 0; i < n; i++) {
    x[i] = x[i] > limit ? limit : x[i] < -limit ? -limit : x[i];
  }
}

static void scale_rows(Launch *launch) {
  int rows = as_int(launch, 1);
  int width = as_int(launch, 2);
  int64_t n = (int64_t)rows * width;
  launched_for_elements(launch, n);
  INPUT(float, 0, n);
  float *x = OUTPUT(float, 0, n);
  const float *factors = INPUT(float, 3, rows);
  for (int64_t i = 0; i < n; i++) {
    x[i] *= factors[i / width];
  }
}

static void add_scaled(Launch *launch) {
  int64_t n = as_long(launch, 1);
  float factor = as_float(launch, 2);
  launched_for_elements(launch, n);
  const float *x = INPUT(float, 0, n);
  INPUT(float, 3, n);
  float *target = OUTPUT(float, 3, n);
  for (int64_t i = 0; i < n; i++) {
    target[i] += factor * x[i];
  }
}

static void sigmoid_gate(Launch *launch, int wide) {
  int64_t n = as_long(launch, 1);
  launched_for_elements(launch, n);
  const float *gate = INPUT(float, 0, n);
  reads(launch, as_pointer(launch, 2), n * (wide ? 4 : 2));
  void *x = writes(launch, as_pointer(launch, 2), n * (wide ? 4 : 2));
  for (int64_t i = 0; i < n; i++) {
    store(x, i, wide, load(x, i, wide) * sigmoid(gate[i]));
  }
}

static void sigmoid_gate_f32(Launch *launch) { sigmoid_gate(launch, 1); }
static void sigmoid_gate_bf16(Launch *launch) { sigmoid_gate(launch, 0); }

static void gather(Launch *launch) {
  int count = as_int(launch, 2);
  int width = as_int(launch, 3);
  launched(launch, (unsigned)count, 1, 1, 256, 1);
  const float *x = as_pointer(launch, 0);
  const int *rows = INPUT(int, 1, count);
  float *out = OUTPUT(float, 4, (int64_t)count * width);
  for (int row = 0; row < count; row++) {
    const float *from = reads(launch, x + (int64_t)rows[row] * width, (int64_t)width * 4);
    memcpy(out + (int64_t)row * width, from, (size_t)width * 4);
  }
}

static void scale_gather(Launch *launch, int wide) {
  int count = as_int(launch, 3);
  int width = as_int(launch, 4);
  int size = wide ? 4 : 2;
  launched(launch, (unsigned)count, 1, 1, 256, 1);
  const int *rows = INPUT(int, 1, count);
  const float *scales = INPUT(float, 2, count);
  void *out = writes(launch, as_pointer(launch, 5), (int64_t)count * width * size);
  for (int row = 0; row < count; row++) {
    const char *x = (const char *)as_pointer(launch, 0) + (int64_t)rows[row] * width * size;
    reads(launch, x, (int64_t)width * size);
    for (int i = 0; i < width; i++) {
      store(out, (int64_t)row * width + i, wide, load(x, i, wide) * scales[row]);
    }
  }
}

static void scale_gather_f32(Launch *launch) { scale_gather(launch, 1); }
static void scale_gather_bf16(Launch *launch) { scale_gather(launch, 0); }

static void combine(Launch *launch) {
  int rows = as_int(launch, 2);
  int k = as_int(launch, 3);
  int width = as_int(launch, 4);
  launched_for_elements(launch, (int64_t)rows * width);
  const float *out = INPUT(float, 0, (int64_t)rows * k * width);
  const float *weights = INPUT(float, 1, (int64_t)rows * k);
  INPUT(float, 5, (int64_t)rows * width);
  float *hidden = OUTPUT(float, 5, (int64_t)rows * width);
  for (int64_t at = 0; at < (int64_t)rows * width; at++) {
    int64_t row = at / width;
    float sum = 0;
    for (int rank = 0; rank < k; rank++) {
      float product = weights[row * k + rank] * out[(row * k + rank) * width + at % width];
      sum = rank == 0 ? product : sum + product;
    }
    hidden[at] += sum;
  }
}

const Entry elements[] = {
    {"embed", "ppiip", embed},
    {"norm_f32", "piiippfp", norm_f32},
    {"norm_bf16", "piiippfp", norm_bf16},
    {"delta_gate_f32", "ppiiippfp", delta_gate_f32},
    {"delta_gate_bf16", "ppiiippfp", delta_gate_bf16},
    {"convert_f32", "plp", convert_f32},
    {"convert_bf16", "plp", convert_bf16},
    {"remainders_f32", "plp", remainders_f32},
    {"remainders_bf16", "plp", remainders_bf16},
    {"copy_heads", "plipii", copy_heads},
    {"rotary", "piiipppii", rotary},
    {"clamp", "plf", clamp},
    {"scale_rows", "piip", scale_rows},
    {"add_scaled", "plfp", add_scaled},
    {"sigmoid_gate_f32", "plp", sigmoid_gate_f32},
    {"sigmoid_gate_bf16", "plp", sigmoid_gate_bf16},
    {"gather", "ppiip", gather},
    {"scale_gather_f32", "pppiip", scale_gather_f32},
    {"scale_gather_bf16", "pppiip", scale_gather_bf16},
    {"combine", "ppiiip", combine},
    {NULL, NULL, NULL}};
