/*
 * Launches every kernel with random numbers of awkward shapes through the driver, with the comparison on: each kernel's source is run
 * on the processor and must leave the bits of its C version. Argument: the folder of the PTX. Prints findings; exit status 0 if there
 * are none. Prints the names of the kernels it has launched.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t Address;
typedef struct Module Module;
typedef struct Function Function;
typedef struct Stream Stream;

int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(void **, int);
int cuCtxSetCurrent(void *);
int cuModuleLoadData(Module **, const void *);
int cuModuleGetFunction(Function **, Module *, const char *);
int cuFuncSetAttribute(Function *, int, int);
int cuMemAlloc_v2(Address *, size_t);
int cuMemFree_v2(Address);
int cuMemcpyHtoD_v2(Address, const void *, size_t);
int cuStreamSynchronize(Stream *);
int cuProfilerInitialize(const char *, const char *, int);
int cuGetErrorString(int, const char **);
int cuLaunchKernel(
    Function *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream *, void **, void **);

#define MODULES 16
#define BUFFERS 64

static Module *modules[MODULES];
static int module_count;
static Address buffers[BUFFERS];
static int buffer_count;
static long launches;
static const char *launched[128];
static int launched_count;
static uint64_t seed = 1;

static void must(int result, const char *what) {
  if (result != 0) {
    const char *text = "";
    cuGetErrorString(result, &text);
    printf("%s: %d, %s\n", what, result, text);
    exit(1);
  }
}

static float number(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (float)(int32_t)(seed >> 32) / 2147483648.0f;
}

static Address upload(const void *from, size_t bytes) {
  Address address = 0;
  must(cuMemAlloc_v2(&address, bytes + 16), "allocating");
  must(cuMemcpyHtoD_v2(address, from, bytes), "copying");
  buffers[buffer_count++] = address;
  return address;
}

static Address floats(size_t count) {
  float *values = malloc(count * 4 + 4);
  for (size_t i = 0; i < count; i++) {
    values[i] = number();
  }
  Address address = upload(values, count * 4);
  free(values);
  return address;
}

static Address halves(size_t count) {
  uint16_t *values = malloc(count * 2 + 2);
  for (size_t i = 0; i < count; i++) {
    float value = number();
    uint32_t bits;
    memcpy(&bits, &value, 4);
    values[i] = (uint16_t)(bits >> 16);
  }
  Address address = upload(values, count * 2);
  free(values);
  return address;
}

static Address numbers(size_t count, int wide) { return wide ? floats(count) : halves(count); }

/* Frees what a case has allocated. */
static void done(void) {
  while (buffer_count > 0) {
    must(cuMemFree_v2(buffers[--buffer_count]), "freeing");
  }
}

static int ceiling(long a, long b) { return (int)((a + b - 1) / b); }

static void remember(const char *name) {
  for (int i = 0; i < launched_count; i++) {
    if (strcmp(launched[i], name) == 0) {
      return;
    }
  }
  launched[launched_count++] = strdup(name);
}

static void launch(const char *name, unsigned x, unsigned y, unsigned z, unsigned block_x, unsigned block_y, unsigned shared, void **parameters) {
  for (int i = 0; i < module_count; i++) {
    Function *function;
    if (cuModuleGetFunction(&function, modules[i], name) != 0) {
      continue;
    }
    if (shared > 49152) {
      must(cuFuncSetAttribute(function, 8, (int)shared), name);
    }
    must(cuLaunchKernel(function, x, y, z, block_x, block_y, 1, shared, NULL, parameters, NULL), name);
    must(cuStreamSynchronize(NULL), name);
    launches++;
    remember(name);
    return;
  }
  printf("no PTX has a kernel %s\n", name);
  exit(1);
}

#define LAUNCH(name, x, y, z, bx, by, shared, ...) \
  launch(name, (unsigned)(x), (unsigned)(y), (unsigned)(z), (unsigned)(bx), (unsigned)(by), (unsigned)(shared), (void *[]){__VA_ARGS__})
#define ELEMENTS(name, n, ...) LAUNCH(name, ceiling(n, 256), 1, 1, 256, 1, 0, __VA_ARGS__)

static void check_elements(int wide) {
  const char *const suffix = wide ? "f32" : "bf16";
  char name[64];
  int rows = 7;
  int width = 93;
  int64_t n = (int64_t)rows * width;
  Address x = floats((size_t)n);
  Address out = numbers((size_t)n, wide);
  Address gate = floats((size_t)n);
  Address weight = floats(400);
  Address bias = floats(400);
  Address none = 0;
  float epsilon = 1e-6f;
  snprintf(name, sizeof name, "convert_%s", suffix);
  ELEMENTS(name, n, &x, &n, &out);
  snprintf(name, sizeof name, "remainders_%s", suffix);
  ELEMENTS(name, n, &x, &n, &out);
  snprintf(name, sizeof name, "sigmoid_gate_%s", suffix);
  ELEMENTS(name, n, &gate, &n, &out);
  int picked[] = {6, 0, 3, 3};
  Address rows_picked = upload(picked, sizeof picked);
  Address scales = floats(4);
  int four = 4;
  Address source = numbers((size_t)n, wide);
  snprintf(name, sizeof name, "scale_gather_%s", suffix);
  LAUNCH(name, 4, 1, 1, 256, 1, 0, &source, &rows_picked, &scales, &four, &width, &out);
  int widths[] = {1, 40, 256, 257, 390};
  for (int i = 0; i < 5; i++) {
    for (int layer = 0; layer < 2; layer++) {
      int block = widths[i] <= 256 ? 32 : 256;
      Address wider = floats((size_t)(rows * widths[i]));
      Address gates = floats((size_t)(rows * widths[i]));
      Address target = numbers((size_t)(rows * widths[i]), wide);
      snprintf(name, sizeof name, "norm_%s", suffix);
      LAUNCH(name, rows, 1, 1, block, 1, 0, &wider, &rows, &widths[i], &layer, &weight, layer ? &bias : &none, &epsilon, &target);
      snprintf(name, sizeof name, "delta_gate_%s", suffix);
      LAUNCH(name, rows, 1, 1, block, 1, 0, &wider, &gates, &rows, &widths[i], &layer, &weight, layer ? &bias : &none, &epsilon, &target);
    }
  }
  done();
}

static void check_rows(void) {
  int rows = 5;
  int width = 37;
  int64_t n = (int64_t)rows * width;
  int ids[] = {3, 0, 9, 9, 1};
  Address picked = upload(ids, sizeof ids);
  Address table = halves(10 * 37);
  Address x = floats(10 * 37);
  Address out = floats((size_t)n * 4);
  Address factors = floats(40);
  float factor = 0.22f;
  LAUNCH("embed", rows, 1, 1, 256, 1, 0, &table, &picked, &rows, &width, &out);
  LAUNCH("gather", rows, 1, 1, 256, 1, 0, &x, &picked, &rows, &width, &out);
  ELEMENTS("clamp", n, &x, &n, &factor);
  ELEMENTS("scale_rows", n, &x, &rows, &width, &factors);
  ELEMENTS("add_scaled", n, &x, &n, &factor, &out);
  int64_t parts = 10;
  int part = 12;
  int stride = 30;
  int offset = 11;
  Address wide = floats(10 * 30);
  ELEMENTS("copy_heads", parts * part, &x, &parts, &part, &wide, &stride, &offset);
  int heads = 3;
  int head_dim = 20;
  int dims = 14;
  Address heads_of = floats((size_t)(rows * heads * head_dim));
  Address cosines = floats(10 * 7);
  Address sines = floats(10 * 7);
  for (int interleaved = 0; interleaved < 2; interleaved++) {
    ELEMENTS(
        "rotary", rows * heads * dims / 2, &heads_of, &rows, &heads, &head_dim, &picked, &cosines, &sines, &dims, &interleaved);
  }
  for (int k = 1; k < 6; k += 2) {
    Address outputs = floats((size_t)(rows * k * width));
    Address weights = floats((size_t)(rows * k));
    ELEMENTS("combine", n, &outputs, &weights, &rows, &k, &width, &out);
  }
  done();
}

/* Rows of three groups, mapped, with and without bias. */
static void check_product(const char *name, int tile_rows, int kind, int gated, int inputs, int outputs) {
  int wide = kind != 0;
  int counts[] = {tile_rows, tile_rows - 3, 1};
  int tiles[3][3];
  int rows = 0;
  for (int i = 0; i < 3; i++) {
    tiles[i][0] = (i + 1) % 3;
    tiles[i][1] = rows;
    tiles[i][2] = counts[i];
    rows += counts[i];
  }
  int *from = malloc((size_t)rows * 4);
  int *to = malloc((size_t)rows * 4);
  for (int i = 0; i < rows; i++) {
    from[i] = i * 5 % rows;
    to[i] = rows - 1 - i;
  }
  uint64_t groups[12];
  for (int group = 0; group < 3; group++) {
    size_t size = (size_t)inputs * (size_t)outputs;
    int biased = group == 1;
    if (gated) {
      groups[4 * group] = halves(size);
      groups[4 * group + 1] = halves(size);
      groups[4 * group + 2] = biased ? floats((size_t)outputs) : 0;
      groups[4 * group + 3] = biased ? floats((size_t)outputs) : 0;
    } else {
      groups[2 * group] = kind == 2 ? floats(size) : halves(size);
      groups[2 * group + 1] = biased ? floats((size_t)outputs) : 0;
    }
  }
  Address x = numbers((size_t)(rows * inputs * 3), wide);
  Address x_rows = upload(from, (size_t)rows * 4);
  Address out_rows = upload(to, (size_t)rows * 4);
  Address table = upload(groups, sizeof groups);
  Address tile_table = upload(tiles, sizeof tiles);
  Address none = 0;
  Address out = numbers((size_t)(rows * outputs * 3), wide || !gated);
  int64_t x_row_stride = inputs;
  int64_t x_group_stride = (int64_t)rows * inputs;
  int64_t out_row_stride = outputs;
  int64_t out_group_stride = (int64_t)rows * outputs;
  int many = tile_rows >= 64;
  int across = (!many ? 32 : kind == 0 ? 128 : 64) / (gated ? 2 : 1);
  int chunks = ceiling(inputs, 256);
  int block = many ? 256 : 32 * (chunks < 8 ? chunks : 8);
  int shared = many && kind == 0 ? 4 * 64 * (128 + tile_rows) : 0;
  for (int variant = 0; variant < 2; variant++) {
    float alpha = variant ? 1.702f : 1;
    float limit = variant ? 0.7f : 0;
    float shift = variant ? 1 : 0;
    if (gated) {
      LAUNCH(name, ceiling(outputs, across), 3, 1, block, 1, shared, &x, &x_row_stride, variant ? &x_rows : &none, &table, &tile_table, &inputs, &outputs, &out, &out_row_stride, &alpha, &limit, &shift);
    } else {
      LAUNCH(name, ceiling(outputs, across), 3, 1, block, 1, shared, &x, &x_row_stride, &x_group_stride, variant ? &x_rows : &none, &table, &tile_table, &inputs, &outputs, &out, &out_row_stride, &out_group_stride, variant ? &out_rows : &none, &variant);
    }
  }
  free(from);
  free(to);
  done();
}

static void check_products(void) {
  const int shapes[][2] = {{8, 1}, {40, 7}, {64, 130}, {264, 33}, {1024, 129}, {2312, 20}};
  const int rows[] = {8, 16, 32, 64, 128};
  char name[64];
  for (int shape = 0; shape < 6; shape++) {
    for (int i = 0; i < 5; i++) {
      for (int gated = 0; gated < 2; gated++) {
        snprintf(name, sizeof name, "%s_bf16_t%d", gated ? "gate_up" : "matmul", rows[i]);
        check_product(name, rows[i], 0, gated, shapes[shape][0], shapes[shape][1]);
      }
    }
    for (int i = 0; i < 4; i += 3) {
      for (int gated = 0; gated < 2; gated++) {
        snprintf(name, sizeof name, "%s_f32_t%d", gated ? "gate_up" : "matmul", rows[i]);
        check_product(name, rows[i], 1, gated, shapes[shape][0], shapes[shape][1]);
      }
      snprintf(name, sizeof name, "router_logits_t%d", rows[i]);
      check_product(name, rows[i], 2, 0, shapes[shape][0], shapes[shape][1]);
    }
  }
}

static void check_router(void) {
  const int counts[] = {1, 16, 60, 128};
  for (int i = 0; i < 4; i++) {
    for (int score = 0; score < 3; score++) {
      for (int variant = 0; variant < 4; variant++) {
        int rows = 9;
        int experts = counts[i];
        int k = experts < 4 ? 1 : 4;
        int groups = experts % 4 == 0 && variant > 1 ? 4 : 1;
        int kept = groups == 1 ? 1 : 2;
        int best_two = variant == 3;
        int normalise = variant & 1;
        float scale = 2.5f;
        float jitter = 0.4f;
        float *logits = malloc((size_t)(rows * experts) * 4);
        for (int j = 0; j < rows * experts; j++) {
          logits[j] = j / experts == 1 ? 0.5f : j / experts == 2 ? 0.0f / 0.0f : j / experts == 3 && j % 3 == 0 ? -0.0f : 4 * number();
          logits[j] = j / experts == 3 && j % 3 == 1 ? 0.0f : logits[j];
        }
        Address x = upload(logits, (size_t)(rows * experts) * 4);
        Address bias = variant & 1 ? floats((size_t)experts) : 0;
        Address chosen = floats((size_t)(rows * k));
        Address weights = floats((size_t)(rows * k));
        LAUNCH("router_choice", rows, 1, 1, 32, 1, 8 * experts + 4 * groups, &x, &rows, &experts, &k, &bias, &score, &normalise, &scale, &groups, &kept, &best_two, &jitter, &chosen, &weights);
        free(logits);
        done();
      }
    }
  }
}

/* Two sequences: a chunk of prefill behind a prefix, and one token of a long one, the latter also split. */
static void check_attention(int wide, int heads, int kv_heads, int key_dim, int value_dim, int window, int chunk, int sinks, int float_output) {
  const char *const suffix = wide ? "f32" : "bf16";
  char name[64];
  enum { LONG = 2200, SHORT = 150, CHUNK = 71, BLOCKS = 40 };
  int spans[4][5] = {{0, SHORT - CHUNK, 0, 0, -1}, {2, CHUNK, SHORT - CHUNK, 0, -1}, {0, LONG - 1, 0, 3, -1}, {2 + CHUNK, 1, LONG - 1, 3, -1}};
  int blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) {
    blocks[i] = i * 7 % BLOCKS;
  }
  Address block_table = upload(blocks, sizeof blocks);
  Address kv = numbers((size_t)(BLOCKS * 64 * kv_heads * (key_dim + value_dim)), wide);
  Address keys = floats((size_t)(LONG * kv_heads * key_dim));
  Address values = floats((size_t)(LONG * kv_heads * value_dim));
  float broken[2] = {0.0f / 0.0f, 1.0f / 0.0f}; /* some queries see them, some of the same block of keys do not */
  must(cuMemcpyHtoD_v2(values + ((size_t)(60 * kv_heads * value_dim) + 1) * 4, broken, sizeof broken), "copying");
  for (int i = 0; i < 4; i++) {
    Address span = upload(spans[i], sizeof spans[i]);
    snprintf(name, sizeof name, "write_kv_%s", suffix);
    LAUNCH(name, spans[i][1], 1, 1, 128, 1, 0, &keys, &values, &span, &block_table, &kv_heads, &key_dim, &value_dim, &kv);
  }
  int group = heads / kv_heads;
  int rows = 2 + CHUNK + 1;
  int tiles[200][4];
  int count = 0;
  int segments = 0;
  int merges[10][5];
  int merge_count = 0;
  for (int query = 0; query < group; query += 16) {
    int queries = group - query < 16 ? group - query : 16;
    int merge[5] = {3, query, queries, count, 0};
    int first = window > 0 ? LONG - window : chunk > 0 ? (LONG - 1) / chunk * chunk : 0;
    for (int segment = first / 1024; segment <= (LONG - 1) / 1024; segment++) {
      int tile[4] = {3, query, queries, segment};
      memcpy(tiles[count++], tile, sizeof tile);
      merge[4]++;
    }
    memcpy(merges[merge_count++], merge, sizeof merge);
  }
  segments = count;
  for (int i = 1; i < 4; i += 2) {
    for (int query = 0; query < spans[i][1] * group && count < 60; query += 16) {
      int queries = spans[i][1] * group - query < 16 ? spans[i][1] * group - query : 16;
      int tile[4] = {i, query, queries, -1};
      memcpy(tiles[count++], tile, sizeof tile);
    }
  }
  Address span_table = upload(spans, sizeof spans);
  Address tile_table = upload(tiles, sizeof tiles);
  Address merge_table = upload(merges, sizeof merges);
  Address queries = floats((size_t)(rows * heads * key_dim));
  Address out = floats((size_t)(rows * heads * value_dim));
  Address partials = floats((size_t)(segments * kv_heads * 16 * (value_dim + 2)));
  Address sink_table = sinks ? floats((size_t)heads) : 0;
  float scale = 0.3f;
  snprintf(name, sizeof name, "attention_%s%s", suffix, value_dim > 128 ? "_wide" : "");
  int shared = wide ? 0 : 192 * 32 * ceiling(key_dim, 32) + 128 * 16 * ceiling(value_dim, 16);
  LAUNCH(name, count, kv_heads, 1, 256, 1, shared, &queries, &kv, &span_table, &block_table, &tile_table, &heads, &kv_heads, &key_dim, &value_dim, &scale, &window, &chunk, &sink_table, &out, &float_output, &partials);
  if (!wide && value_dim <= 128) {
    int many[40][4];
    int many_count = 0;
    for (int query = 0; query < CHUNK * group; query += 64) {
      int tile[4] = {1, query, CHUNK * group - query < 64 ? CHUNK * group - query : 64, -1};
      memcpy(many[many_count++], tile, sizeof tile);
    }
    Address many_table = upload(many, sizeof many);
    shared = 384 * 32 * ceiling(key_dim, 32) + 128 * 16 * ceiling(value_dim, 16);
    LAUNCH("attention_bf16_many", many_count, kv_heads, 1, 256, 1, shared, &queries, &kv, &span_table, &block_table, &many_table, &heads, &kv_heads, &key_dim, &value_dim, &scale, &window, &chunk, &sink_table, &out, &float_output, &partials);
  }
  snprintf(name, sizeof name, "attention_merge_%s", suffix);
  LAUNCH(name, merge_count, kv_heads, 1, 256, 1, 0, &partials, &span_table, &merge_table, &heads, &kv_heads, &value_dim, &sink_table, &out, &float_output);
  done();
}

static void check_delta(int key_heads, int value_heads, int key_width, int value_width, int kernel) {
  int keys = key_heads * key_width;
  int values = value_heads * value_width;
  int channels = 2 * keys + values;
  int offset = channels * (kernel - 1);
  int64_t state_numbers = offset + (int64_t)value_heads * key_width * value_width;
  int rows = 13;
  int spans[3][5] = {{1, 4, 0, 0, 2}, {5, 7, 9, 0, 0}, {12, 1, 3, 0, 1}};
  Address span_table = upload(spans, sizeof spans);
  Address q = floats((size_t)(rows * keys));
  Address k = floats((size_t)(rows * keys));
  Address v = floats((size_t)(rows * values));
  Address taps = floats((size_t)(channels * kernel));
  Address state = floats((size_t)(3 * state_numbers));
  Address mixed = floats((size_t)(rows * channels));
  Address strength = floats((size_t)(rows * value_heads));
  Address decay = floats((size_t)(rows * value_heads));
  Address rate = floats((size_t)value_heads);
  Address bias = floats((size_t)value_heads);
  Address attended = floats((size_t)(rows * values));
  LAUNCH("delta_convolution", ceiling(channels, 128), 3, 1, 128, 1, 0, &q, &k, &v, &taps, &state, &state_numbers, &span_table, &keys, &values, &kernel, &mixed);
  LAUNCH("delta_unit", rows, 2 * key_heads, 1, 32, 1, 0, &mixed, &rows, &key_heads, &key_width, &channels);
  LAUNCH("delta_rule", ceiling(value_width, 32), value_heads, 3, 32, ceiling(key_width, 32), 0, &mixed, &strength, &decay, &rate, &bias, &state, &state_numbers, &span_table, &key_heads, &value_heads, &key_width, &value_width, &offset, &attended);
  done();
}

static void load(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.ptx", folder, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  char *text = calloc(1, 4 << 20);
  size_t length = fread(text, 1, (4 << 20) - 1, file);
  fclose(file);
  text[length] = 0;
  must(cuModuleLoadData(&modules[module_count++], text), name);
  free(text);
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "argument: the folder of the PTX\n");
    return 2;
  }
  void *context;
  must(cuInit(0), "cuInit");
  must(cuDevicePrimaryCtxRetain(&context, 0), "context");
  must(cuCtxSetCurrent(context), "context");
  const char *const files[] = {"rows", "elements", "norm", "products_bf16", "products_f32", "write_kv", "attention_f32", "attention_bf16", "attention_merge", "delta", "router"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    load(arguments[1], files[i]);
  }
  must(cuProfilerInitialize("compare", "1", 0), "comparing");
  for (int wide = 0; wide < 2; wide++) {
    check_elements(wide);
    check_attention(wide, 4, 2, 32, 32, 0, 0, 0, 0);
    check_attention(wide, 5, 1, 40, 40, 0, 0, 1, 1);
    check_attention(wide, 8, 2, 64, 64, 20, 0, 1, 0);
    check_attention(wide, 6, 3, 128, 128, 1100, 0, 0, 0);
    check_attention(wide, 4, 4, 8, 8, 0, 48, 0, 0);
    check_attention(wide, 20, 1, 136, 96, 0, 0, 0, 1);
    check_attention(wide, 2, 1, 576, 512, 0, 1500, 0, 1);
  }
  check_rows();
  check_products();
  check_router();
  check_delta(2, 4, 16, 24, 4);
  check_delta(3, 3, 20, 16, 2);
  check_delta(1, 2, 128, 128, 4);
  check_delta(2, 2, 16, 16, 1);
  must(cuProfilerInitialize("report", "/dev/stdout", 0), "report");
  for (int i = 0; i < launched_count; i++) {
    printf("compared %s\n", launched[i]);
  }
  printf("%ld launches\n", launches);
  return 0;
}
