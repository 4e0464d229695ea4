// The kernels' sources, in one file of C++, and the coroutines that run them.

#include "emulation.h"

#include "common.cuh"

// Each file of kernels has names of its own.
namespace rows {
#include "rows.cu"
}
namespace elements {
#include "elements.cu"
}
namespace norms {
#include "norm.cu"
}
namespace products_bf16 {
#include "products.cuh"

#include "products_bf16.cu"
}
#undef CHUNK
#undef SLICE
#undef MATMUL
#undef GATE_UP
namespace products_f32 {
#include "products.cuh"

#include "products_f32.cu"
}
#undef SLICE
namespace kv {
#include "write_kv.cu"
}
#undef BLOCK_TOKENS
namespace attentions {
#include "attention.cuh"

#include "attention_bf16.cu"
#include "attention_f32.cu"
#undef QUERIES
#include "attention_merge.cu"
}
#undef SLICE
namespace deltas {
#include "delta.cu"
}
namespace routers {
#include "router.cu"
}

#include <sys/mman.h>
#include <utility>
#include <vector>

#ifndef __x86_64__
#error "coroutines are written for x86-64"
#endif

// Saves the registers that a function must keep and takes up where another coroutine left.
extern "C" __attribute__((visibility("hidden"))) void switch_stacks(void **save, void *load);
asm(R"(
.text
.type switch_stacks, @function
switch_stacks:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

namespace {

constexpr int MOST_THREADS = 1024;
constexpr size_t STACK = 128 << 10;

struct Copy {
  void *to;
  const void *from;
  bool wanted;
};

struct Barrier {
  int waiting;
  int living;
  unsigned generation;
};

struct Thread {
  void *stack_pointer;
  bool done;
  Barrier *held_by;
  unsigned generation;
  std::vector<Copy> copies;
  std::vector<size_t> groups;  // copies of each committed group
  size_t open;
};

Thread threads[MOST_THREADS];
Barrier block_barrier;
Barrier warp_barriers[MOST_THREADS / 32];
Exchange exchanges[MOST_THREADS / 32];
alignas(128) char shared_memory[232448];
char *stacks;
void *scheduler;
int current;
void (*body)(const uint64_t *);
const uint64_t *arguments;
unsigned launches;

void pass_on() { switch_stacks(&threads[current].stack_pointer, scheduler); }

void open_if_full(Barrier &barrier) {
  if (barrier.waiting > 0 && barrier.waiting == barrier.living) {
    barrier.waiting = 0;
    barrier.generation++;
  }
}

void wait_at(Barrier &barrier) {
  Thread &thread = threads[current];
  thread.held_by = &barrier;
  thread.generation = barrier.generation;
  barrier.waiting++;
  open_if_full(barrier);
  if (barrier.generation == thread.generation) {
    pass_on();
  }
  thread.held_by = nullptr;
}

void leave(Barrier &barrier) {
  barrier.living--;
  open_if_full(barrier);
}

[[noreturn]] void run_thread() {
  body(arguments);
  threads[current].done = true;
  leave(block_barrier);
  leave(warp_barriers[current / 32]);
  pass_on();
  __builtin_unreachable();
}

void prepare(int thread) {
  char *top = stacks + (size_t)(thread + 1) * STACK - 64;
  void **stack = (void **)((uintptr_t)top & ~(uintptr_t)15);
  *--stack = nullptr;  // so that the function finds its stack as after a call
  *--stack = (void *)run_thread;
  for (int i = 0; i < 6; i++) {
    *--stack = nullptr;
  }
  threads[thread].stack_pointer = stack;
  threads[thread].done = false;
  threads[thread].held_by = nullptr;
  threads[thread].copies.clear();
  threads[thread].groups.clear();
  threads[thread].open = 0;
}

// Returns false if threads wait for each other for ever.
bool run_block(int count) {
  block_barrier = {0, count, 0};
  for (int thread = 0; thread < count; thread++) {
    prepare(thread);
    warp_barriers[thread / 32] = {0, count - thread / 32 * 32 < 32 ? count - thread / 32 * 32 : 32, 0};
  }
  bool backwards = launches % 2 == 1;
  for (int left = count; left > 0;) {
    bool moved = false;
    for (int i = 0; i < count; i++) {
      current = backwards ? count - 1 - i : i;
      Thread &thread = threads[current];
      if (thread.done || (thread.held_by != nullptr && thread.held_by->generation == thread.generation)) {
        continue;
      }
      threadIdx = {(unsigned)current % blockDim.x, (unsigned)current / blockDim.x % blockDim.y, 0};
      switch_stacks(&scheduler, thread.stack_pointer);
      moved = true;
      left -= thread.done ? 1 : 0;
    }
    if (!moved) {
      return false;
    }
  }
  return true;
}

void make(const Copy &copy) {
  if (copy.wanted) {
    memcpy(copy.to, copy.from, 16);
  } else {
    memset(copy.to, 0, 16);
  }
}

template <typename T>
T unpacked(uint64_t bits) {
  T value;
  memcpy(&value, &bits, sizeof(T));
  return value;
}

template <typename... T, size_t... I>
void call(void (*kernel)(T...), const uint64_t *parameters, std::index_sequence<I...>) {
  kernel(unpacked<T>(parameters[I])...);
}

template <auto KERNEL_FUNCTION, typename... T>
void unpack(void (*)(T...), const uint64_t *parameters) {
  call(KERNEL_FUNCTION, parameters, std::index_sequence_for<T...>());
}

template <auto KERNEL_FUNCTION>
void run(const uint64_t *parameters) {
  unpack<KERNEL_FUNCTION>(KERNEL_FUNCTION, parameters);
}

struct Emulated {
  const char *name;
  void (*run)(const uint64_t *);
};

#define EMULATED(space, name) {#name, run<space::name>}

const Emulated KERNELS[] = {
    EMULATED(rows, embed),
    EMULATED(rows, gather),
    EMULATED(rows, scale_gather_f32),
    EMULATED(rows, scale_gather_bf16),
    EMULATED(elements, convert_f32),
    EMULATED(elements, convert_bf16),
    EMULATED(elements, remainders_f32),
    EMULATED(elements, remainders_bf16),
    EMULATED(elements, copy_heads),
    EMULATED(elements, rotary),
    EMULATED(elements, clamp),
    EMULATED(elements, scale_rows),
    EMULATED(elements, add_scaled),
    EMULATED(elements, sigmoid_gate_f32),
    EMULATED(elements, sigmoid_gate_bf16),
    EMULATED(elements, combine),
    EMULATED(norms, norm_f32),
    EMULATED(norms, norm_bf16),
    EMULATED(norms, delta_gate_f32),
    EMULATED(norms, delta_gate_bf16),
    EMULATED(products_bf16, matmul_bf16_t8),
    EMULATED(products_bf16, matmul_bf16_t16),
    EMULATED(products_bf16, matmul_bf16_t32),
    EMULATED(products_bf16, matmul_bf16_t64),
    EMULATED(products_bf16, matmul_bf16_t128),
    EMULATED(products_bf16, gate_up_bf16_t8),
    EMULATED(products_bf16, gate_up_bf16_t16),
    EMULATED(products_bf16, gate_up_bf16_t32),
    EMULATED(products_bf16, gate_up_bf16_t64),
    EMULATED(products_bf16, gate_up_bf16_t128),
    EMULATED(products_f32, matmul_f32_t8),
    EMULATED(products_f32, matmul_f32_t64),
    EMULATED(products_f32, router_logits_t8),
    EMULATED(products_f32, router_logits_t64),
    EMULATED(products_f32, gate_up_f32_t8),
    EMULATED(products_f32, gate_up_f32_t64),
    EMULATED(kv, write_kv_f32),
    EMULATED(kv, write_kv_bf16),
    EMULATED(attentions, attention_f32),
    EMULATED(attentions, attention_f32_wide),
    EMULATED(attentions, attention_bf16),
    EMULATED(attentions, attention_bf16_many),
    EMULATED(attentions, attention_bf16_wide),
    EMULATED(attentions, attention_merge_f32),
    EMULATED(attentions, attention_merge_bf16),
    EMULATED(deltas, delta_convolution),
    EMULATED(deltas, delta_unit),
    EMULATED(deltas, delta_rule),
    EMULATED(routers, router_choice),
};

}  // namespace

void wait_for_block() { wait_at(block_barrier); }
void wait_for_warp() { wait_at(warp_barriers[current / 32]); }
Exchange &exchange() { return exchanges[current / 32]; }
int lane_of_thread() { return current % 32; }
void *dynamic_shared() { return shared_memory; }

void copy_any_time(void *shared, const void *global, bool wanted) {
  if (launches / 2 % 2 == 1) {
    make(Copy{shared, global, wanted});
    return;
  }
  threads[current].copies.push_back({shared, global, wanted});
  threads[current].open++;
}

void commit_copies() {
  threads[current].groups.push_back(threads[current].open);
  threads[current].open = 0;
}

void make_copies(int groups_left) {
  Thread &thread = threads[current];
  while (thread.groups.size() > (size_t)groups_left) {
    for (size_t i = 0; i < thread.groups.front(); i++) {
      make(thread.copies[i]);
    }
    thread.copies.erase(thread.copies.begin(), thread.copies.begin() + (ptrdiff_t)thread.groups.front());
    thread.groups.erase(thread.groups.begin());
  }
}

// Runs a kernel. Returns 1; 0 if its threads wait for each other for ever; -1 if there is no such kernel.
extern "C" int emulate(
    const char *name, const uint64_t *parameters, const unsigned grid[3], const unsigned block[3], unsigned shared) {
  if (stacks == nullptr) {
    stacks = (char *)mmap(nullptr, MOST_THREADS * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  for (const Emulated &kernel : KERNELS) {
    if (strcmp(kernel.name, name) != 0) {
      continue;
    }
    body = kernel.run;
    arguments = parameters;
    blockDim = {block[0], block[1], block[2]};
    gridDim = {grid[0], grid[1], grid[2]};
    launches++;
    for (unsigned z = 0; z < grid[2]; z++) {
      for (unsigned y = 0; y < grid[1]; y++) {
        for (unsigned x = 0; x < grid[0]; x++) {
          blockIdx = {x, y, z};
          memset(shared_memory, 0xff, shared);
          if (!run_block((int)(block[0] * block[1]))) {
            return 0;
          }
        }
      }
    }
    return 1;
  }
  return -1;
}
