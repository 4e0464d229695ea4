/* From logits to experts and weights, one row at a time; sums and maxima as a warp takes them. */
#include "kernel.h"

#include <stdlib.h>

enum { SOFTMAX, SIGMOID, MIXER };

typedef struct {
  int experts;
  int k;
  int score;
  int normalise;
  float scale;
  int groups;
  int kept;
  int best_two;
  float jitter;
} Rule;

/* The best that is not out; one that is not a number comes last, ties go to the lower. */
static int best(const float *ranking, const char *out, int experts) {
  int found = -1;
  for (int expert = 0; expert < experts; expert++) {
    if (!out[expert]
        && (found < 0 || ranking[expert] > ranking[found] || (ranking[found] != ranking[found] && ranking[expert] == ranking[expert]))) {
      found = expert;
    }
  }
  return found;
}

static void softmax(float *scores, int experts) {
  float lanes[32] = {0};
  float maximum = -INFINITY;
  for (int expert = 0; expert < experts; expert++) {
    maximum = scores[expert] > maximum ? scores[expert] : maximum;
  }
  for (int expert = 0; expert < experts; expert++) {
    scores[expert] = exponential(scores[expert] - maximum);
    lanes[expert % 32] += scores[expert];
  }
  float sum = butterfly(lanes);
  for (int expert = 0; expert < experts; expert++) {
    scores[expert] = scores[expert] / sum;
  }
}

static float group_score(const float *ranking, int size, int best_two) {
  float first = -INFINITY;
  float second = -INFINITY;
  for (int i = 0; i < size; i++) {
    if (ranking[i] > first) {
      second = first;
      first = ranking[i];
    } else if (ranking[i] > second) {
      second = ranking[i];
    }
  }
  return !best_two || size == 1 ? first : first + second;
}

static void drop_groups(const Rule *rule, const float *ranking, char *out) {
  int size = rule->experts / rule->groups;
  float scores[rule->groups];
  for (int group = 0; group < rule->groups; group++) {
    scores[group] = group_score(ranking + group * size, size, rule->best_two);
  }
  for (int dropped = rule->kept; dropped < rule->groups; dropped++) {
    int worst = 0;
    for (int group = 1; group < rule->groups; group++) {
      worst = scores[group] <= scores[worst] ? group : worst;
    }
    scores[worst] = INFINITY;
    memset(out + worst * size, 1, (size_t)size);
  }
}

static void choose(const Rule *rule, float *scores, const float *bias, char *out, int *chosen, float *weights) {
  float ranking[rule->experts];
  if (rule->score == SOFTMAX) {
    softmax(scores, rule->experts);
  }
  for (int expert = 0; expert < rule->experts; expert++) {
    if (rule->score == SIGMOID) {
      scores[expert] = sigmoid(scores[expert]);
    }
    ranking[expert] = scores[expert] + (bias == NULL ? 0 : bias[expert]);
  }
  if (rule->kept < rule->groups) {
    drop_groups(rule, ranking, out);
  }
  float sum = 0;
  for (int rank = 0; rank < rule->k; rank++) {
    chosen[rank] = best(ranking, out, rule->experts);
    out[chosen[rank]] = 1;
    weights[rank] = scores[chosen[rank]];
    sum += weights[rank];
  }
  for (int rank = 0; rank < rule->k; rank++) {
    weights[rank] = (rule->normalise ? weights[rank] / sum : weights[rank]) * rule->scale;
  }
}

static void mix(const Rule *rule, const float *logits, char *out, int *chosen, float *weights) {
  for (int rank = 0; rank < rule->k; rank++) {
    chosen[rank] = best(logits, out, rule->experts);
    float top = logits[chosen[rank]];
    float lanes[32] = {0};
    for (int expert = 0; expert < rule->experts; expert++) {
      float magnitude = fabsf(logits[expert]);
      float scale = magnitude > top ? magnitude : top;
      int far = (top - logits[expert]) / scale > 2 * rule->jitter;
      if (!out[expert] && !far) {
        lanes[expert % 32] += exponential(logits[expert] - top);
      }
    }
    weights[rank] = 1 / butterfly(lanes);
    out[chosen[rank]] = 1;
  }
}

static void router_choice(Launch *launch) {
  int rows = as_int(launch, 1);
  Rule rule = {
      as_int(launch, 2),
      as_int(launch, 3),
      as_int(launch, 5),
      as_int(launch, 6),
      as_float(launch, 7),
      as_int(launch, 8),
      as_int(launch, 9),
      as_int(launch, 10),
      as_float(launch, 11)};
  launched(launch, (unsigned)rows, 1, 1, 32, 1);
  launched_shared(launch, 8 * (unsigned)rule.experts + 4 * (unsigned)rule.groups);
  const float *logits = INPUT(float, 0, (int64_t)rows * rule.experts);
  const float *bias = as_pointer(launch, 4) == NULL ? NULL : INPUT(float, 4, rule.experts);
  int *chosen = OUTPUT(int, 12, (int64_t)rows * rule.k);
  float *weights = OUTPUT(float, 13, (int64_t)rows * rule.k);
  for (int row = 0; row < rows; row++) {
    float scores[rule.experts];
    char out[rule.experts];
    memcpy(scores, logits + (int64_t)row * rule.experts, sizeof scores);
    memset(out, 0, sizeof out);
    if (rule.score == MIXER) {
      mix(&rule, scores, out, chosen + (int64_t)row * rule.k, weights + (int64_t)row * rule.k);
    } else {
      choose(&rule, scores, bias, out, chosen + (int64_t)row * rule.k, weights + (int64_t)row * rule.k);
    }
  }
}

const Entry routers[] = {{"router_choice", "piiipiifiiifpp", router_choice}, {NULL, NULL, NULL}};
