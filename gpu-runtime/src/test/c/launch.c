/* Modules, functions and launches. A module knows the kernels whose entries its PTX has, and refuses what differs from the C version. */
#define _GNU_SOURCE
#include "kernel.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ENTRIES 64

typedef struct {
  const Entry *entry;
  int shared_limit;
} Function;

typedef struct {
  int count;
  Function functions[ENTRIES];
} Module;

static const Entry *const TABLES[] = {products, elements, attentions, deltas, routers};

static const Entry *find(const char *name, size_t length) {
  for (size_t table = 0; table < sizeof TABLES / sizeof *TABLES; table++) {
    for (const Entry *entry = TABLES[table]; entry->name != NULL; entry++) {
      if (strlen(entry->name) == length && strncmp(entry->name, name, length) == 0) {
        return entry;
      }
    }
  }
  return NULL;
}

/* Whether the PTX type that follows ".param" fits the letter. */
static int fits(const char *type, char letter) {
  switch (letter) {
    case 'p':
    case 'l':
      return strncmp(type, ".u64", 4) == 0;
    case 'i':
      return strncmp(type, ".u32", 4) == 0;
    default:
      return strncmp(type, ".f32", 4) == 0;
  }
}

static int check_parameters(const char *text, const char *end, const Entry *entry) {
  const char *letter = entry->parameters;
  for (const char *at = strstr(text, ".param"); at != NULL && at < end; at = strstr(at + 6, ".param")) {
    const char *type = at + 6;
    while (isspace((unsigned char)*type)) {
      type++;
    }
    if (*letter == 0 || !fits(type, *letter)) {
      finding("parameter %d of %s is %.4s in the PTX, another in its C version", (int)(letter - entry->parameters), entry->name, type);
      return 0;
    }
    letter++;
  }
  if (*letter != 0) {
    finding("%s has more parameters in its C version than in the PTX", entry->name);
    return 0;
  }
  return 1;
}

static int parse(const char *ptx, Module *module) {
  for (const char *at = strstr(ptx, ".entry"); at != NULL; at = strstr(at + 6, ".entry")) {
    const char *name = at + 6;
    while (isspace((unsigned char)*name)) {
      name++;
    }
    size_t length = strcspn(name, "( \n");
    const Entry *entry = find(name, length);
    if (entry == NULL) {
      finding("the PTX has a kernel %.*s, of which there is no C version", (int)length, name);
      return 0;
    }
    const char *end = strchr(name, ')');
    if (end == NULL || !check_parameters(name, end, entry) || module->count == ENTRIES) {
      return 0;
    }
    module->functions[module->count++] = (Function){entry, 49152};
  }
  return 1;
}

int cuModuleLoadData(Module **result, const void *image) {
  enter();
  Module *module = calloc(1, sizeof *module);
  if (module == NULL) {
    return leave(OUT_OF_MEMORY);
  }
  if (!parse(image, module) || module->count == 0) {
    free(module);
    return leave(218); /* CUDA_ERROR_INVALID_PTX */
  }
  *result = module;
  return leave(SUCCESS);
}

int cuModuleLoadDataEx(Module **module, const void *image, unsigned options, int *option, void **values) {
  (void)options;
  (void)option;
  (void)values;
  return cuModuleLoadData(module, image);
}

int cuModuleUnload(Module *module) {
  enter();
  streams_run_all();
  free(module);
  return leave(SUCCESS);
}

int cuModuleGetFunction(Function **function, Module *module, const char *name) {
  for (int i = 0; i < module->count; i++) {
    if (strcmp(module->functions[i].entry->name, name) == 0) {
      *function = &module->functions[i];
      return SUCCESS;
    }
  }
  return NOT_FOUND;
}

int cuFuncSetAttribute(Function *function, int attribute, int value) {
  if (attribute == 8) { /* dynamic shared memory */
    if (value > 232448) {
      return INVALID_VALUE;
    }
    function->shared_limit = value;
  }
  return SUCCESS;
}

int cuFuncGetAttribute(int *value, int attribute, Function *function) {
  *value = attribute == 8 ? function->shared_limit : attribute == 0 ? 1024 : 0;
  return SUCCESS;
}

typedef struct {
  const Entry *entry;
  Launch launch;
} Pending;

/*
 * Also running the kernel's source, where that is asked for: what the C version writes is remembered with what was there before;
 * afterwards all of it is put back, the source is run, and has to leave the same bits.
 */
typedef struct Written {
  struct Written *next;
  char *address;
  size_t bytes;
  char *after;
  char before[];
} Written;

static int comparing;
static long compared;
static Written *written;

void compare_with_source(int on) { comparing = on; }
long compared_with_source(void) { return compared; }

int emulate(const char *name, const uint64_t *parameters, const unsigned *grid, const unsigned *block, unsigned shared);

static void remember(void *address, size_t bytes) {
  Written *item = malloc(sizeof *item + 2 * bytes);
  item->next = written;
  item->address = address;
  item->bytes = bytes;
  item->after = item->before + bytes;
  memcpy(item->before, address, bytes);
  written = item;
}

static void forget(void) {
  while (written != NULL) {
    Written *next = written->next;
    free(written);
    written = next;
  }
}

static void compare(const Written *item, const Launch *launch) {
  for (size_t i = 0; i < item->bytes; i++) {
    if (item->address[i] != item->after[i]) {
      float source;
      float version;
      size_t number = i / 4 * 4;
      memcpy(&source, item->address + number, 4);
      memcpy(&version, item->after + number, 4);
      if (source != source && version != version) {
        continue; /* NaNs have many bits */
      }
      finding(
          "the source of %s differs from its C version at byte %zu of %zu written at %p: %08x (%g), not %08x (%g); grid %u %u %u",
          launch->work->what,
          i,
          item->bytes,
          (void *)item->address,
          *(const uint32_t *)(item->address + number),
          source,
          *(const uint32_t *)(item->after + number),
          version,
          launch->grid[0],
          launch->grid[1],
          launch->grid[2]);
      return;
    }
  }
}

static void run_source(const char *name, const Launch *launch) {
  for (Written *item = written; item != NULL; item = item->next) {
    memcpy(item->after, item->address, item->bytes);
  }
  for (Written *item = written; item != NULL; item = item->next) {
    memcpy(item->address, item->before, item->bytes);
  }
  int result = emulate(name, launch->parameters, launch->grid, launch->block, launch->shared);
  if (result != 1) {
    finding(result == 0 ? "the threads of %s wait for each other for ever" : "%s has no source that can be run", name);
  }
  int before = findings_made();
  for (Written *item = written; item != NULL && findings_made() == before; item = item->next) {
    compare(item, launch);
  }
  compared++;
}

static void launch(const Work *work, void *argument) {
  Pending *pending = argument;
  pending->launch.work = work;
  if (setjmp(pending->launch.abandoned) == 0) {
    pending->entry->kernel(&pending->launch);
    if (comparing) {
      run_source(pending->entry->name, &pending->launch);
    }
  }
  forget();
}

int cuLaunchKernel(
    Function *function,
    unsigned grid_x,
    unsigned grid_y,
    unsigned grid_z,
    unsigned block_x,
    unsigned block_y,
    unsigned block_z,
    unsigned shared,
    Stream *stream,
    void **parameters,
    void **extra) {
  void *ctx = NULL;
  extern int cuCtxGetCurrent(void **);
  cuCtxGetCurrent(&ctx);
  if (ctx == NULL) {
    return INVALID_CONTEXT;
  }
  uint64_t threads = (uint64_t)block_x * block_y * block_z;
  if (grid_x == 0 || grid_y == 0 || grid_z == 0 || threads == 0 || threads > 1024 || grid_x > 0x7fffffff || grid_y > 65535
      || grid_z > 65535 || (int)shared > function->shared_limit || extra != NULL) {
    return INVALID_VALUE;
  }
  enter();
  Pending *pending = calloc(1, sizeof *pending);
  if (pending == NULL) {
    return leave(OUT_OF_MEMORY);
  }
  pending->entry = function->entry;
  pending->launch.grid[0] = grid_x;
  pending->launch.grid[1] = grid_y;
  pending->launch.grid[2] = grid_z;
  pending->launch.block[0] = block_x;
  pending->launch.block[1] = block_y;
  pending->launch.block[2] = block_z;
  pending->launch.shared = shared;
  const char *letters = function->entry->parameters;
  for (int i = 0; letters[i] != 0; i++) {
    int wide = letters[i] == 'p' || letters[i] == 'l';
    memcpy(&pending->launch.parameters[i], parameters[i], wide ? 8 : 4);
  }
  int result = stream_issue(stream, function->entry->name, launch, pending);
  return leave(result == SUCCESS ? pending_failure() : result);
}

void abandon(Launch *launch, const char *format, ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  finding("%s: %s", launch->work->what, text);
  longjmp(launch->abandoned, 1);
}

const void *reads(Launch *launch, const void *address, int64_t bytes) {
  if (bytes < 0 || !memory_access(launch->work, address, (size_t)bytes, 0)) {
    longjmp(launch->abandoned, 1);
  }
  return address;
}

void *writes(Launch *launch, void *address, int64_t bytes) {
  if (bytes < 0 || !memory_access(launch->work, address, (size_t)bytes, 1)) {
    longjmp(launch->abandoned, 1);
  }
  if (comparing) {
    remember(address, (size_t)bytes);
  }
  return address;
}

void launched(Launch *launch, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y) {
  const unsigned *grid = launch->grid;
  const unsigned *block = launch->block;
  if (grid[0] != grid_x || grid[1] != grid_y || grid[2] != grid_z || block[0] != block_x || block[1] != block_y || block[2] != 1) {
    abandon(
        launch,
        "launched as grid %u %u %u block %u %u %u; its rule says grid %u %u %u block %u %u 1",
        grid[0],
        grid[1],
        grid[2],
        block[0],
        block[1],
        block[2],
        grid_x,
        grid_y,
        grid_z,
        block_x,
        block_y);
  }
}

void launched_shared(Launch *launch, unsigned bytes) {
  if (launch->shared != bytes) {
    abandon(launch, "launched with %u bytes of dynamic shared memory; its rule says %u", launch->shared, bytes);
  }
}

void launched_for_elements(Launch *launch, int64_t numbers) {
  launched(launch, (unsigned)divided_up(numbers, 256), 1, 1, 256, 1);
}

float exponential(float x) {
  if (!(x > -104.0f)) {
    return x != x ? x : 0;
  }
  if (x > 89.0f) {
    return INFINITY;
  }
  float n = rintf(x * 1.44269504f);
  float r = fmaf(n, -0.693145752f, x);
  r = fmaf(n, -1.42860677e-6f, r);
  float p = 1.98412698e-4f;
  p = fmaf(p, r, 1.38888889e-3f);
  p = fmaf(p, r, 8.33333333e-3f);
  p = fmaf(p, r, 4.16666667e-2f);
  p = fmaf(p, r, 1.66666667e-1f);
  p = fmaf(p, r, 0.5f);
  p = fmaf(p * r, r, r) + 1;
  int half = (int)n / 2;
  return ldexpf(ldexpf(p, half), (int)n - half);
}

float tensor_core_32(float sum, const bf16 *left, const bf16 *right, int count) {
  double products[32];
  for (int k = 0; k < 32; k++) {
    products[k] = k < count ? (double)from_bf16(left[k]) * (double)from_bf16(right[k]) : 0;
  }
  for (int half = 0; half < 2; half++) {
    double slots[16];
    for (int slot = 0; slot < 16; slot++) {
      slots[slot] = products[4 * half + slot % 8 / 2 * 8 + slot / 8 * 2 + slot % 2];
    }
    for (int stride = 8; stride > 0; stride /= 2) {
      for (int slot = 0; slot < stride; slot++) {
        slots[slot] += slots[slot + stride];
      }
    }
    sum = (float)((double)sum + slots[0]);
  }
  return sum;
}

float butterfly(float *lanes) {
  for (int distance = 16; distance > 0; distance /= 2) {
    float next[32];
    for (int lane = 0; lane < 32; lane++) {
      next[lane] = lanes[lane] + lanes[lane ^ distance];
    }
    memcpy(lanes, next, sizeof next);
  }
  return lanes[0];
}

float block_sum(float *threads, int count) {
  float sum = butterfly(threads);
  for (int warp = 1; warp < count / 32; warp++) {
    sum += butterfly(threads + 32 * warp);
  }
  return sum;
}
