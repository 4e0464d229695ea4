// Operations on single numbers: one thread per number (rotary: per pair).

KERNEL convert_f32(const float* x, i64 n, float* out) {
  i64 i = element();
  if (i < n) {
    out[i] = x[i];
  }
}

KERNEL convert_bf16(const float* x, i64 n, bf16* out) {
  i64 i = element();
  if (i < n) {
    out[i] = to_bf16(x[i]);
  }
}

KERNEL remainders_f32(const float* x, i64 n, float* out) {
  i64 i = element();
  if (i < n) {
    out[i] = x[i] - x[i];
  }
}

KERNEL remainders_bf16(const float* x, i64 n, bf16* out) {
  i64 i = element();
  if (i < n) {
    out[i] = to_bf16(x[i] - from_bf16(to_bf16(x[i])));
  }
}

KERNEL copy_heads(const float* x, i64 parts, int width, float* out, int stride, int offset) {
  i64 i = element();
  if (i < parts * width) {
    out[i / width * stride + offset + i % width] = x[i];
  }
}

KERNEL rotary(
    float* x,
    int rows,
    int heads,
    int head_dim,
    const int* table_rows,
    const float* cosines,
    const float* sines,
    int dims,
    int interleaved) {
  int half = dims / 2;
  i64 pair = element();
  if (pair >= (i64)rows * heads * half) {
    return;
  }
  i64 part = pair / half;
  int i = (int)(pair % half);
  i64 entry = (i64)table_rows[part / heads] * half + i;
  float* one = x + part * head_dim + (interleaved ? 2 * i : i);
  float* other = interleaved ? one + 1 : one + half;
  float first = *one;
  float second = *other;
  *one = first * cosines[entry] - second * sines[entry];
  *other = second * cosines[entry] + first * sines[entry];
}

KERNEL clamp(float* x, i64 n, float limit) {
  i64 i = element();
  if (i < n) {
    float value = x[i];
    x[i] = value > limit ? limit : value < -limit ? -limit : value;
  }
}

KERNEL scale_rows(float* x, int rows, int width, const float* factors) {
  i64 i = element();
  if (i < (i64)rows * width) {
    x[i] = x[i] * factors[i / width];
  }
}

KERNEL add_scaled(const float* x, i64 n, float factor, float* target) {
  i64 i = element();
  if (i < n) {
    target[i] = target[i] + factor * x[i];
  }
}

KERNEL sigmoid_gate_f32(const float* gate, i64 n, float* x) {
  i64 i = element();
  if (i < n) {
    x[i] = x[i] * sigmoid(gate[i]);
  }
}

KERNEL sigmoid_gate_bf16(const float* gate, i64 n, bf16* x) {
  i64 i = element();
  if (i < n) {
    x[i] = to_bf16(from_bf16(x[i]) * sigmoid(gate[i]));
  }
}

// hidden + (((w0·y0) + w1·y1) + ...), in rank order.
KERNEL combine(const float* expert_out, const float* weights, int rows, int k, int width, float* hidden) {
  i64 i = element();
  if (i >= (i64)rows * width) {
    return;
  }
  i64 entry = i / width * k;
  i64 column = i % width;
  float sum = weights[entry] * expert_out[entry * width + column];
  for (int rank = 1; rank < k; rank++) {
    sum = sum + weights[entry + rank] * expert_out[(entry + rank) * width + column];
  }
  hidden[i] = hidden[i] + sum;
}
