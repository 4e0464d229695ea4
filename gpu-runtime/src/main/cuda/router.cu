// From router logits to experts and weights, one warp per row. The rules, and the papers they are from, are those of ExpertChoice.
//
// Bits: a lane takes every 32nd expert; sums over lanes by a butterfly. Ties go to the lower expert, NaNs are chosen last.

#define SOFTMAX 0
#define SIGMOID 1
#define SPARSE_MIXER 2

struct Rule {
  int experts;
  int k;
  int score;
  int normalise;
  float scale;
  int groups;
  int kept_groups;
  int best_two;
  float jitter;
};

#define TAKEN 0u
#define NOT_A_NUMBER 1u

// An integer that is ordered as the number is.
__device__ __forceinline__ u32 order(float ranking) {
  if (ranking != ranking) {
    return NOT_A_NUMBER;
  }
  u32 bits = __float_as_uint(ranking + 0.0f);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

// The first expert of the highest order, in every lane.
__device__ __forceinline__ int best_expert(const u32* orders, int experts) {
  u32 highest = TAKEN;
  u32 first = 0xffffffffu;
  for (int expert = threadIdx.x; expert < experts; expert += 32) {
    if (orders[expert] > highest) {
      highest = orders[expert];
      first = expert;
    }
  }
  for (int distance = 16; distance > 0; distance /= 2) {
    u32 other = __shfl_xor_sync(0xffffffffu, highest, distance);
    u32 other_first = __shfl_xor_sync(0xffffffffu, first, distance);
    if (other > highest || (other == highest && other_first < first)) {
      highest = other;
      first = other_first;
    }
  }
  return (int)first;
}

__device__ __forceinline__ void softmax(float* scores, int experts) {
  float maximum = minus_infinity();
  for (int expert = threadIdx.x; expert < experts; expert += 32) {
    maximum = scores[expert] > maximum ? scores[expert] : maximum;
  }
  maximum = warp_max(maximum);
  float sum = 0.0f;
  for (int expert = threadIdx.x; expert < experts; expert += 32) {
    scores[expert] = exponential(scores[expert] - maximum);
    sum += scores[expert];
  }
  sum = warp_sum(sum);
  for (int expert = threadIdx.x; expert < experts; expert += 32) {
    scores[expert] = scores[expert] / sum;
  }
}

// Takes the experts of all but the best groups out.
__device__ __forceinline__ void drop_groups(
    const Rule& rule, const float* scores, const float* bias, u32* orders, float* group_scores) {
  int size = rule.experts / rule.groups;
  for (int group = threadIdx.x; group < rule.groups; group += 32) {
    float first = minus_infinity();
    float second = minus_infinity();
    for (int expert = group * size; expert < (group + 1) * size; expert++) {
      float ranking = scores[expert] + (bias ? bias[expert] : 0.0f);
      if (ranking > first) {
        second = first;
        first = ranking;
      } else if (ranking > second) {
        second = ranking;
      }
    }
    group_scores[group] = !rule.best_two || size == 1 ? first : first + second;
  }
  __syncwarp();
  for (int dropped = rule.kept_groups; dropped < rule.groups; dropped++) {
    int worst = 0;
    for (int group = 1; group < rule.groups; group++) {
      worst = group_scores[group] <= group_scores[worst] ? group : worst;
    }
    __syncwarp();
    if (threadIdx.x == 0) {
      group_scores[worst] = -minus_infinity();
    }
    for (int i = threadIdx.x; i < size; i += 32) {
      orders[worst * size + i] = TAKEN;
    }
    __syncwarp();
  }
}

// Takes the best expert; every lane gets it.
__device__ __forceinline__ int take(u32* orders, int experts) {
  int best = best_expert(orders, experts);
  __syncwarp();
  if (threadIdx.x == 0) {
    orders[best] = TAKEN;
  }
  __syncwarp();
  return best;
}

__device__ __forceinline__ void choose(
    const Rule& rule, float* scores, const float* bias, u32* orders, float* group_scores, int* chosen, float* weights) {
  if (rule.score == SOFTMAX) {
    softmax(scores, rule.experts);
  }
  for (int expert = threadIdx.x; expert < rule.experts; expert += 32) {
    if (rule.score == SIGMOID) {
      scores[expert] = sigmoid(scores[expert]);
    }
    orders[expert] = order(scores[expert] + (bias ? bias[expert] : 0.0f));
  }
  __syncwarp();
  if (rule.kept_groups < rule.groups) {
    drop_groups(rule, scores, bias, orders, group_scores);
  }
  float sum = 0.0f;
  for (int rank = 0; rank < rule.k; rank++) {
    int best = take(orders, rule.experts);
    sum += scores[best];
    if (threadIdx.x == 0) {
      chosen[rank] = best;
      weights[rank] = scores[best];
    }
  }
  if (threadIdx.x == 0) {
    for (int rank = 0; rank < rule.k; rank++) {
      weights[rank] = (rule.normalise ? weights[rank] / sum : weights[rank]) * rule.scale;
    }
  }
}

__device__ __forceinline__ void mix(const Rule& rule, const float* logits, u32* orders, int* chosen, float* weights) {
  for (int expert = threadIdx.x; expert < rule.experts; expert += 32) {
    orders[expert] = order(logits[expert]);
  }
  __syncwarp();
  for (int rank = 0; rank < rule.k; rank++) {
    int best = best_expert(orders, rule.experts);
    float top = logits[best];
    float sum = 0.0f;
    for (int expert = threadIdx.x; expert < rule.experts; expert += 32) {
      float magnitude = fabsf(logits[expert]);
      float scale = magnitude > top ? magnitude : top;
      bool far = (top - logits[expert]) / scale > 2.0f * rule.jitter;
      if (orders[expert] != TAKEN && !far) {
        sum += exponential(logits[expert] - top);
      }
    }
    sum = warp_sum(sum);
    take(orders, rule.experts);
    if (threadIdx.x == 0) {
      chosen[rank] = best;
      weights[rank] = 1.0f / sum;
    }
  }
}

KERNEL router_choice(
    const float* logits,
    int rows,
    int experts,
    int k,
    const float* choice_bias,
    int score,
    int normalise,
    float scale,
    int groups,
    int kept_groups,
    int best_two,
    float jitter,
    int* out_experts,
    float* out_weights) {
  DYNAMIC_SHARED(float, scores);
  u32* orders = (u32*)(scores + experts);
  float* group_scores = (float*)(orders + experts);
  Rule rule = {experts, k, score, normalise, scale, groups, kept_groups, best_two, jitter};
  for (int expert = threadIdx.x; expert < experts; expert += 32) {
    scores[expert] = logits[(i64)blockIdx.x * experts + expert];
  }
  __syncwarp();
  int* chosen = out_experts + (i64)blockIdx.x * k;
  float* weights = out_weights + (i64)blockIdx.x * k;
  if (score == SPARSE_MIXER) {
    mix(rule, scores, orders, chosen, weights);
  } else {
    choose(rule, scores, choice_bias, orders, group_scores, chosen, weights);
  }
}
