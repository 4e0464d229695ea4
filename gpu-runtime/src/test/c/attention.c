/*
 * The key/value pool and attention, each query over its segments of 1024 keys and, in those, blocks of 64. The pool's values are
 * transposed in bfloat16, where queries and weights are taken as two terms.
 */
#include "kernel.h"

#define BLOCK 64
#define SEGMENT 1024
#define QUERIES 16

typedef struct {
  int first_row;
  int rows;
  int start;
  int first_block;
  int state;
} Span;

typedef struct {
  int span;
  int first_query;
  int queries;
  int segment;
} Tile;

typedef struct {
  int span;
  int first_query;
  int queries;
  int first_tile;
  int segments;
} Merge;

/* What a query has of the keys it has walked: of each, exp(score - maximum). */
typedef struct {
  float maximum;
  float sum;
  float *values;
} Part;

static void write_kv(Launch *launch, int wide) {
  int heads = as_int(launch, 4);
  int dims[2] = {as_int(launch, 5), as_int(launch, 6)};
  int size = wide ? 4 : 2;
  int64_t block_numbers = (int64_t)heads * (dims[0] + dims[1]) * BLOCK;
  int most = 0;
  const Span *spans = INPUT(Span, 2, launch->grid[1]);
  for (unsigned i = 0; i < launch->grid[1]; i++) {
    most = spans[i].rows > most ? spans[i].rows : most;
    for (int row = 0; row < spans[i].rows; row++) {
      int position = spans[i].start + row;
      const int *block = reads(launch, (const int *)as_pointer(launch, 3) + spans[i].first_block + position / BLOCK, 4);
      char *base = (char *)as_pointer(launch, 7) + *block * block_numbers * size;
      int token = position % BLOCK;
      if (token == 0) {
        writes(launch, base, block_numbers * size);
        memset(base, 0, (size_t)(block_numbers * size));
      }
      for (int which = 0; which < 2; which++) {
        int dim = dims[which];
        const float *from = (const float *)as_pointer(launch, which) + (int64_t)(spans[i].first_row + row) * heads * dim;
        reads(launch, from, (int64_t)heads * dim * 4);
        char *part = base + (which == 0 ? 0 : (int64_t)heads * dims[0] * BLOCK * size);
        int transposed = which == 1 && !wide;
        for (int head = 0; head < heads; head++) {
          char *head_part = part + (int64_t)head * BLOCK * dim * size;
          if (!transposed) {
            writes(launch, head_part + (int64_t)token * dim * size, (int64_t)dim * size);
          }
          for (int d = 0; d < dim; d++) {
            int64_t at = transposed ? (int64_t)d * BLOCK + token : (int64_t)token * dim + d;
            if (transposed) {
              writes(launch, head_part + at * size, size);
            }
            store(head_part, at, wide, from[head * dim + d]);
          }
        }
      }
    }
  }
  launched(launch, (unsigned)most, launch->grid[1], 1, 128, 1);
}

static void write_kv_f32(Launch *launch) { write_kv(launch, 1); }
static void write_kv_bf16(Launch *launch) { write_kv(launch, 0); }

/* Two bfloat16 terms of a number. */
static void split(float value, bf16 *first, bf16 *second) {
  *first = to_bf16(value);
  *second = to_bf16(value - from_bf16(*first));
}

static float score_f32(const float *query, const float *key, int dim) {
  float score = 0;
  for (int d = 0; d < dim; d++) {
    score = fmaf(query[d], key[d], score);
  }
  return score;
}

static float score_bf16(const float *query, const bf16 *key, int dim) {
  float score = 0;
  for (int from = 0; from < dim; from += 32) {
    bf16 terms[2][32] = {{0}};
    for (int d = from; d < from + 32 && d < dim; d++) {
      split(query[d], &terms[0][d - from], &terms[1][d - from]);
    }
    for (int term = 0; term < 2; term++) {
      score = tensor_core_32(score, key + from, terms[term], dim - from);
    }
  }
  return score;
}

/* A block of keys and values of one key/value head. */
typedef struct {
  const void *keys;
  const void *values;
  int dim;
  int width;
  int wide;
} Block;

static int is_finite(bf16 number) { return (number & 0x7f80) != 0x7f80; }

static void add_values(Part *part, const Block *block, const float *weights, float factor) {
  bf16 terms[2][BLOCK];
  for (int token = 0; token < BLOCK; token++) {
    split(weights[token], &terms[0][token], &terms[1][token]);
  }
  for (int d = 0; d < block->width; d++) {
    float value = part->values[d] * factor;
    for (int token = 0; block->wide && token < BLOCK; token++) {
      float number = ((const float *)block->values)[(int64_t)token * block->width + d];
      value = weights[token] == 0 ? value : fmaf(weights[token], number, value);
    }
    for (int step = 0; !block->wide && step < 4; step++) {
      int from = step / 2 * 32;
      bf16 numbers[32];
      for (int i = 0; i < 32; i++) {
        bf16 number = ((const bf16 *)block->values)[(int64_t)d * BLOCK + from + i];
        numbers[i] = is_finite(number) ? number : 0;
      }
      value = tensor_core_32(value, numbers, terms[step % 2] + from, 32);
    }
    for (int token = 0; !block->wide && token < BLOCK; token++) {
      if (terms[0][token] != 0 && !is_finite(((const bf16 *)block->values)[(int64_t)d * BLOCK + token])) {
        value = NAN;
      }
    }
    part->values[d] = value;
  }
}

/* Takes the keys of one block that the query sees, tokens from to last of it. */
static void walk(Part *part, const float *query, const Block *block, int from, int last, float scale) {
  float weights[BLOCK] = {0};
  float maximum = part->maximum;
  for (int token = from; token <= last; token++) {
    int64_t at = (int64_t)token * block->dim;
    float score =
        block->wide ? score_f32(query, (const float *)block->keys + at, block->dim) : score_bf16(query, (const bf16 *)block->keys + at, block->dim);
    weights[token] = score * scale;
    maximum = weights[token] > maximum ? weights[token] : maximum;
  }
  float lanes[32];
  for (int token = from; token <= last; token++) {
    weights[token] = exponential(weights[token] - maximum);
  }
  for (int lane = 0; lane < 32; lane++) {
    lanes[lane] = weights[lane] + weights[lane + 32];
  }
  float factor = exponential(part->maximum - maximum);
  part->sum = part->sum * factor + butterfly(lanes);
  part->maximum = maximum;
  add_values(part, block, weights, factor);
}

static void merge(Part *total, const Part *next, int width) {
  if (next->maximum == -INFINITY) {
    return;
  }
  float maximum = total->maximum > next->maximum ? total->maximum : next->maximum;
  float old = exponential(total->maximum - maximum);
  float new = exponential(next->maximum - maximum);
  total->sum = total->sum * old + next->sum * new;
  for (int d = 0; d < width; d++) {
    total->values[d] = total->values[d] * old + next->values[d] * new;
  }
  total->maximum = maximum;
}

static void finish(Launch *launch, const Part *total, int width, const float *sinks, int head, int64_t at, int index, int wide) {
  float sum = total->sum;
  if (sinks != NULL) {
    sum += exponential(*(const float *)reads(launch, sinks + head, 4) - total->maximum);
  }
  char *out = (char *)as_pointer(launch, index) + at * width * (wide ? 4 : 2);
  writes(launch, out, (int64_t)width * (wide ? 4 : 2));
  for (int d = 0; d < width; d++) {
    store(out, d, wide, total->values[d] / sum);
  }
}

static void attention(Launch *launch, int wide, int most, int queries) {
  int heads = as_int(launch, 5);
  int kv_heads = as_int(launch, 6);
  int dim = as_int(launch, 7);
  int width = as_int(launch, 8);
  int window = as_int(launch, 10);
  int chunk = as_int(launch, 11);
  int group = heads / kv_heads;
  int size = wide ? 4 : 2;
  launched(launch, launch->grid[0], (unsigned)kv_heads, 1, 256, 1);
  launched_shared(launch, wide ? 0 : (unsigned)((128 + 4 * queries) * (divided_up(dim, 32) * 32) + 128 * (divided_up(width, 16) * 16)));
  if (width > most || width % 8 != 0 || dim % 8 != 0) {
    abandon(launch, "keys of %d and values of %d numbers", dim, width);
  }
  const Tile *tiles = INPUT(Tile, 4, launch->grid[0]);
  int64_t block_numbers = (int64_t)kv_heads * (dim + width) * BLOCK;
  for (unsigned i = 0; i < launch->grid[0]; i++) {
    const Span *span = reads(launch, (const Span *)as_pointer(launch, 2) + tiles[i].span, sizeof(Span));
    if (tiles[i].queries < 1 || tiles[i].queries > queries || tiles[i].first_query + tiles[i].queries > span->rows * group) {
      abandon(launch, "tile %u has queries %d to %d of %d", i, tiles[i].first_query, tiles[i].first_query + tiles[i].queries, span->rows * group);
    }
    for (int kv_head = 0; kv_head < kv_heads; kv_head++) {
      for (int q = 0; q < tiles[i].queries; q++) {
        int row = (tiles[i].first_query + q) / group;
        int head = kv_head * group + (tiles[i].first_query + q) % group;
        int position = span->start + row;
        int first = window > 0 ? (position >= window ? position - window + 1 : 0) : chunk > 0 ? position / chunk * chunk : 0;
        int64_t at = (int64_t)(span->first_row + row) * heads + head;
        const float *query = reads(launch, (const float *)as_pointer(launch, 0) + at * dim, (int64_t)dim * 4);
        float totals[width];
        float numbers[width];
        Part total = {-INFINITY, 0, totals};
        memset(totals, 0, sizeof totals);
        int split = tiles[i].segment >= 0;
        if (split && queries > QUERIES) {
          abandon(launch, "a tile of many queries with a segment");
        }
        int from_segment = split ? tiles[i].segment : first / SEGMENT;
        int to_segment = split ? tiles[i].segment : position / SEGMENT;
        for (int segment = from_segment; segment <= to_segment; segment++) {
          Part part = {-INFINITY, 0, numbers};
          memset(numbers, 0, sizeof numbers);
          int from = first > segment * SEGMENT ? first : segment * SEGMENT;
          int last = position < (segment + 1) * SEGMENT - 1 ? position : (segment + 1) * SEGMENT - 1;
          for (int block = from / BLOCK; block * BLOCK <= last; block++) {
            int begin = from > block * BLOCK ? from - block * BLOCK : 0;
            int end = last < block * BLOCK + BLOCK - 1 ? last - block * BLOCK : BLOCK - 1;
            const int *index = reads(launch, (const int *)as_pointer(launch, 3) + span->first_block + block, 4);
            const char *base = (const char *)as_pointer(launch, 1) + *index * block_numbers * size;
            const char *keys = base + (int64_t)kv_head * BLOCK * dim * size;
            const char *values = base + ((int64_t)kv_heads * dim + (int64_t)kv_head * width) * BLOCK * size;
            reads(launch, keys, (int64_t)BLOCK * dim * size);
            reads(launch, values, (int64_t)BLOCK * width * size);
            walk(&part, query, &(Block){keys, values, dim, width, wide}, begin, end, as_float(launch, 9));
          }
          if (split) {
            total = part;
          } else {
            merge(&total, &part, width);
          }
        }
        if (split) {
          int64_t slot = (((int64_t)i * kv_heads + kv_head) * QUERIES + q) * (width + 2);
          float *partial = writes(launch, (float *)as_pointer(launch, 15) + slot, (int64_t)(width + 2) * 4);
          partial[0] = total.maximum;
          partial[1] = total.sum;
          memcpy(partial + 2, total.values, (size_t)width * 4);
        } else {
          finish(launch, &total, width, as_pointer(launch, 12), head, at, 13, wide || as_int(launch, 14));
        }
      }
    }
  }
}

static void attention_f32(Launch *launch) { attention(launch, 1, 128, 16); }
static void attention_f32_wide(Launch *launch) { attention(launch, 1, 512, 16); }
static void attention_bf16(Launch *launch) { attention(launch, 0, 128, 16); }
static void attention_bf16_many(Launch *launch) { attention(launch, 0, 128, 64); }
static void attention_bf16_wide(Launch *launch) { attention(launch, 0, 512, 16); }

static void attention_merge(Launch *launch, int wide) {
  int heads = as_int(launch, 3);
  int kv_heads = as_int(launch, 4);
  int width = as_int(launch, 5);
  int group = heads / kv_heads;
  launched(launch, launch->grid[0], (unsigned)kv_heads, 1, 256, 1);
  const Merge *merges = INPUT(Merge, 2, launch->grid[0]);
  for (unsigned i = 0; i < launch->grid[0]; i++) {
    const Span *span = reads(launch, (const Span *)as_pointer(launch, 1) + merges[i].span, sizeof(Span));
    for (int kv_head = 0; kv_head < kv_heads; kv_head++) {
      for (int q = 0; q < merges[i].queries; q++) {
        float totals[width];
        Part total = {-INFINITY, 0, totals};
        memset(totals, 0, sizeof totals);
        for (int segment = 0; segment < merges[i].segments; segment++) {
          int64_t slot = (((int64_t)(merges[i].first_tile + segment) * kv_heads + kv_head) * QUERIES + q) * (width + 2);
          float *partial = (float *)reads(launch, (const float *)as_pointer(launch, 0) + slot, (int64_t)(width + 2) * 4);
          Part part = {partial[0], partial[1], partial + 2};
          merge(&total, &part, width);
        }
        int query = merges[i].first_query + q;
        int head = kv_head * group + query % group;
        int64_t at = (int64_t)(span->first_row + query / group) * heads + head;
        finish(launch, &total, width, as_pointer(launch, 6), head, at, 7, wide || as_int(launch, 8));
      }
    }
  }
}

static void attention_merge_f32(Launch *launch) { attention_merge(launch, 1); }
static void attention_merge_bf16(Launch *launch) { attention_merge(launch, 0); }

const Entry attentions[] = {
    {"write_kv_f32", "ppppiiip", write_kv_f32},
    {"write_kv_bf16", "ppppiiip", write_kv_bf16},
    {"attention_f32", "pppppiiiifiippip", attention_f32},
    {"attention_f32_wide", "pppppiiiifiippip", attention_f32_wide},
    {"attention_bf16", "pppppiiiifiippip", attention_bf16},
    {"attention_bf16_many", "pppppiiiifiippip", attention_bf16_many},
    {"attention_bf16_wide", "pppppiiiifiippip", attention_bf16_wide},
    {"attention_merge_f32", "pppiiippi", attention_merge_f32},
    {"attention_merge_bf16", "pppiiippi", attention_merge_bf16},
    {NULL, NULL, NULL}};
