/* The gated delta rule, span by span and token by token. */
#include "kernel.h"

#define SLICE 32

typedef struct {
  int first_row;
  int rows;
  int start;
  int first_block;
  int state;
} Span;

static void delta_convolution(Launch *launch) {
  int keys = as_int(launch, 7);
  int values = as_int(launch, 8);
  int kernel = as_int(launch, 9);
  int channels = 2 * keys + values;
  int past = kernel - 1;
  if (kernel > 8) {
    abandon(launch, "%d taps", kernel);
  }
  launched(launch, (unsigned)divided_up(channels, 128), launch->grid[1], 1, 128, 1);
  const float *taps = INPUT(float, 3, (int64_t)channels * kernel);
  const Span *spans = INPUT(Span, 6, launch->grid[1]);
  for (unsigned i = 0; i < launch->grid[1]; i++) {
    const Span *span = &spans[i];
    float *state = (float *)as_pointer(launch, 4) + span->state * as_long(launch, 5);
    reads(launch, state, (int64_t)channels * past * 4);
    writes(launch, state, (int64_t)channels * past * 4);
    for (int channel = 0; channel < channels; channel++) {
      float *before = state + (int64_t)channel * past;
      if (span->start == 0) {
        memset(before, 0, (size_t)past * 4);
      }
      const float *from = as_pointer(launch, channel < keys ? 0 : channel < 2 * keys ? 1 : 2);
      int width = channel < 2 * keys ? keys : values;
      int within = channel < 2 * keys ? channel % keys : channel - 2 * keys;
      for (int row = span->first_row; row < span->first_row + span->rows; row++) {
        float present = *(const float *)reads(launch, from + (int64_t)row * width + within, 4);
        float sum = present * taps[channel * kernel + past];
        for (int tap = 0; tap < past; tap++) {
          sum = fmaf(before[tap], taps[channel * kernel + tap], sum);
        }
        if (past > 0) {
          memmove(before, before + 1, (size_t)(past - 1) * 4);
          before[past - 1] = present;
        }
        float *mixed = writes(launch, (float *)as_pointer(launch, 10) + (int64_t)row * channels + channel, 4);
        *mixed = sum * sigmoid(sum);
      }
    }
  }
}

static void delta_unit(Launch *launch) {
  int rows = as_int(launch, 1);
  int heads = as_int(launch, 2);
  int width = as_int(launch, 3);
  int channels = as_int(launch, 4);
  launched(launch, (unsigned)rows, 2 * (unsigned)heads, 1, 32, 1);
  INPUT(float, 0, (int64_t)rows * channels);
  float *mixed = OUTPUT(float, 0, (int64_t)rows * channels);
  for (int row = 0; row < rows; row++) {
    for (int head = 0; head < 2 * heads; head++) {
      float *x = mixed + (int64_t)row * channels + head * width;
      float lanes[32] = {0};
      for (int i = 0; i < width; i++) {
        lanes[i % 32] = fmaf(x[i], x[i], lanes[i % 32]);
      }
      float factor = (head < heads ? 1 / sqrtf((float)width) : 1) / sqrtf(butterfly(lanes) + 1e-6f);
      for (int i = 0; i < width; i++) {
        x[i] *= factor;
      }
    }
  }
}

/* Sums of the slices of 32 keys, added in order; rows of the matrix are valueWidth apart. */
static float over_slices(const float *column, int stride, const float *by, int keys) {
  float total = 0;
  for (int from = 0; from < keys; from += SLICE) {
    float sum = 0;
    for (int k = from; k < from + SLICE && k < keys; k++) {
      sum = fmaf(column[(int64_t)k * stride], by[k], sum);
    }
    total = from == 0 ? sum : total + sum;
  }
  return total;
}

static void delta_rule(Launch *launch) {
  int key_heads = as_int(launch, 8);
  int heads = as_int(launch, 9);
  int keys = as_int(launch, 10);
  int width = as_int(launch, 11);
  int channels = 2 * key_heads * keys + heads * width;
  if (keys > 512) {
    abandon(launch, "keys of %d numbers", keys);
  }
  launched(
      launch, (unsigned)divided_up(width, 32), (unsigned)heads, launch->grid[2], 32, (unsigned)divided_up(keys, SLICE));
  const float *rates = INPUT(float, 3, heads);
  const float *biases = INPUT(float, 4, heads);
  const Span *spans = INPUT(Span, 7, launch->grid[2]);
  for (unsigned i = 0; i < launch->grid[2]; i++) {
    const Span *span = &spans[i];
    for (int head = 0; head < heads; head++) {
      int64_t offset = span->state * as_long(launch, 6) + as_int(launch, 12) + (int64_t)head * keys * width;
      float *state = (float *)as_pointer(launch, 5) + offset;
      reads(launch, state, (int64_t)keys * width * 4);
      writes(launch, state, (int64_t)keys * width * 4);
      if (span->start == 0) {
        memset(state, 0, (size_t)keys * (size_t)width * 4);
      }
      for (int row = span->first_row; row < span->first_row + span->rows; row++) {
        const float *mixed = reads(launch, (const float *)as_pointer(launch, 0) + (int64_t)row * channels, (int64_t)channels * 4);
        int64_t at = (int64_t)row * heads + head;
        float strength = sigmoid(*(const float *)reads(launch, (const float *)as_pointer(launch, 1) + at, 4));
        float shifted = *(const float *)reads(launch, (const float *)as_pointer(launch, 2) + at, 4) + biases[head];
        float softplus = shifted > 20 ? shifted : log1pf(exponential(shifted));
        float decay = exponential(-exponential(rates[head]) * softplus);
        const float *query = mixed + head / (heads / key_heads) * keys;
        const float *key = query + key_heads * keys;
        const float *value = mixed + 2 * key_heads * keys + head * width;
        float *out = writes(launch, (float *)as_pointer(launch, 13) + at * width, (int64_t)width * 4);
        for (int v = 0; v < width; v++) {
          for (int k = 0; k < keys; k++) {
            state[k * width + v] *= decay;
          }
          float correction = (value[v] - over_slices(state + v, width, key, keys)) * strength;
          for (int k = 0; k < keys; k++) {
            state[k * width + v] = fmaf(key[k], correction, state[k * width + v]);
          }
          out[v] = over_slices(state + v, width, query, keys);
        }
      }
    }
  }
}

const Entry deltas[] = {
    {"delta_convolution", "ppppplpiiip", delta_convolution},
    {"delta_unit", "piiii", delta_unit},
    {"delta_rule", "pppppplpiiiiip", delta_rule},
    {NULL, NULL, NULL}};
