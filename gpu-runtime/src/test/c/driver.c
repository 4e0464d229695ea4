/* The devices, which share one memory: their attributes, primary contexts, allocation and copies. */
#define _GNU_SOURCE
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t Address;

#define DEVICES 2

static char contexts[DEVICES];
static __thread void *current;
static int retained[DEVICES];

int cuInit(unsigned flags) {
  (void)flags;
  return SUCCESS;
}

int cuDriverGetVersion(int *version) {
  *version = 12060;
  return SUCCESS;
}

int cuDeviceGetCount(int *devices) {
  *devices = DEVICES;
  return SUCCESS;
}

int cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return ordinal >= 0 && ordinal < DEVICES ? SUCCESS : 101;
}

int cuDeviceGetName(char *name, int length, int device) {
  (void)device;
  snprintf(name, (size_t)length, "Fake device");
  return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  (void)device;
  *bytes = memory_total();
  return SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  switch (attribute) {
    case 1: /* threads per block */
      *value = 1024;
      break;
    case 8: /* shared memory per block */
      *value = 49152;
      break;
    case 10: /* warp size */
      *value = 32;
      break;
    case 16: /* multiprocessors */
      *value = 132;
      break;
    case 40: /* copy engines */
      *value = 3;
      break;
    case 75: /* compute capability */
      *value = 9;
      break;
    case 76:
      *value = 0;
      break;
    case 97: /* shared memory per block, on request */
      *value = 232448;
      break;
    default:
      *value = 1;
  }
  return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **result, int device) {
  enter();
  retained[device]++;
  *result = &contexts[device];
  return leave(SUCCESS);
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  enter();
  if (retained[device] == 0) {
    finding("the primary context is released more often than it was retained");
    return leave(INVALID_CONTEXT);
  }
  retained[device]--;
  streams_run_all();
  return leave(SUCCESS);
}

int cuCtxSetCurrent(void *ctx) {
  current = ctx;
  return SUCCESS;
}

int cuCtxGetCurrent(void **ctx) {
  *ctx = current;
  return SUCCESS;
}

int cuMemGetInfo_v2(size_t *available, size_t *total) {
  enter();
  *available = memory_total() - memory_used();
  *total = memory_total();
  return leave(SUCCESS);
}

static int allocate(void **address, size_t bytes, int host) {
  if (current == NULL) {
    return INVALID_CONTEXT;
  }
  enter();
  return leave(memory_allocate(bytes, host, address));
}

/* Like a driver's, freeing waits for all work. */
static int release(void *address, int host) {
  if (address == NULL) {
    return SUCCESS;
  }
  enter();
  streams_run_all();
  return leave(memory_free(address, host));
}

int cuMemAlloc_v2(Address *address, size_t bytes) {
  void *memory = NULL;
  int result = allocate(&memory, bytes, 0);
  *address = (Address)memory;
  return result;
}

int cuMemFree_v2(Address address) { return release((void *)address, 0); }

int cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
  (void)flags;
  return allocate(address, bytes, 1);
}

int cuMemAllocHost_v2(void **address, size_t bytes) { return allocate(address, bytes, 1); }

int cuMemFreeHost(void *address) { return release(address, 1); }

typedef struct {
  char *to;
  const char *from;
  size_t bytes;
  int checked_to;
  int checked_from;
  char staged[];
} Copy;

static void copy(const Work *work, void *argument) {
  Copy *what = argument;
  if (what->checked_from && !memory_access(work, what->from, what->bytes, 0)) {
    return;
  }
  if (what->checked_to && !memory_access(work, what->to, what->bytes, 1)) {
    return;
  }
  memmove(what->to, what->from, what->bytes);
}

/*
 * Memory of the host that this driver did not allocate is not checked. Such a source is taken at once, and such a target is written
 * before the call returns, as drivers do.
 */
static int issue_copy(void *to, const void *from, size_t bytes, int to_host, int from_host, Stream *stream, int waits) {
  if (current == NULL) {
    return INVALID_CONTEXT;
  }
  enter();
  int staged = from_host && !memory_knows(from, 1);
  int plain = to_host && !memory_knows(to, 1);
  Copy *what = malloc(sizeof *what + (staged ? bytes : 0));
  if (what == NULL) {
    return leave(OUT_OF_MEMORY);
  }
  *what = (Copy){to, from, bytes, !plain, !staged};
  if (staged) {
    memcpy(what->staged, from, bytes);
    what->from = what->staged;
  }
  const char *name = to_host ? "copy to the host" : from_host ? "copy to the device" : "copy on the device";
  int result = stream_issue(stream, name, copy, what);
  if (result == SUCCESS && (waits || plain)) {
    stream_run(stream);
    stream_hosts_behind(stream);
    result = pending_failure();
  }
  return leave(result);
}

int cuMemcpyHtoD_v2(Address to, const void *from, size_t bytes) {
  return issue_copy((void *)to, from, bytes, 0, 1, NULL, 1);
}

int cuMemcpyDtoH_v2(void *to, Address from, size_t bytes) {
  return issue_copy(to, (void *)from, bytes, 1, 0, NULL, 1);
}

int cuMemcpyDtoD_v2(Address to, Address from, size_t bytes) {
  return issue_copy((void *)to, (void *)from, bytes, 0, 0, NULL, 1);
}

int cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes, Stream *stream) {
  return issue_copy((void *)to, from, bytes, 0, 1, stream, 0);
}

int cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, Stream *stream) {
  return issue_copy(to, (void *)from, bytes, 1, 0, stream, 0);
}

int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, Stream *stream) {
  return issue_copy((void *)to, (void *)from, bytes, 0, 0, stream, 0);
}

typedef struct {
  void *to;
  size_t numbers;
  size_t width;
  uint32_t value;
} Filling;

static void fill(const Work *work, void *argument) {
  Filling *what = argument;
  if (!memory_access(work, what->to, what->numbers * what->width, 1)) {
    return;
  }
  if (what->width == 1) {
    memset(what->to, (int)what->value, what->numbers);
    return;
  }
  for (size_t i = 0; i < what->numbers; i++) {
    ((uint32_t *)what->to)[i] = what->value;
  }
}

static int issue_filling(Address to, uint32_t value, size_t numbers, size_t width, Stream *stream, int waits) {
  if (current == NULL) {
    return INVALID_CONTEXT;
  }
  enter();
  Filling *what = malloc(sizeof *what);
  if (what == NULL) {
    return leave(OUT_OF_MEMORY);
  }
  *what = (Filling){(void *)to, numbers, width, value};
  int result = stream_issue(stream, "filling memory", fill, what);
  if (result == SUCCESS && waits) {
    stream_run(stream);
    stream_hosts_behind(stream);
    result = pending_failure();
  }
  return leave(result);
}

int cuMemsetD8_v2(Address to, unsigned char value, size_t numbers) {
  return issue_filling(to, value, numbers, 1, NULL, 1);
}

int cuMemsetD32_v2(Address to, unsigned value, size_t numbers) {
  return issue_filling(to, value, numbers, 4, NULL, 1);
}

int cuMemsetD8Async(Address to, unsigned char value, size_t numbers, Stream *stream) {
  return issue_filling(to, value, numbers, 1, stream, 0);
}

int cuMemsetD32Async(Address to, unsigned value, size_t numbers, Stream *stream) {
  return issue_filling(to, value, numbers, 4, stream, 0);
}
