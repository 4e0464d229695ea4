/*
 * What the driver that runs on the processor must notice: each case does something wrong, or the same rightly, and looks at what the
 * driver reports. Arguments: the folder of the PTX, and a file for reports. Exit status 0 if all is as it should be.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t Address;
typedef struct Module Module;
typedef struct Function Function;
typedef struct Stream Stream;
typedef struct Event Event;

int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(void **, int);
int cuCtxSetCurrent(void *);
int cuModuleLoadData(Module **, const void *);
int cuModuleGetFunction(Function **, Module *, const char *);
int cuModuleUnload(Module *);
int cuMemAlloc_v2(Address *, size_t);
int cuMemFree_v2(Address);
int cuMemAllocHost_v2(void **, size_t);
int cuMemFreeHost(void *);
int cuMemcpyHtoD_v2(Address, const void *, size_t);
int cuMemcpyHtoDAsync_v2(Address, const void *, size_t, Stream *);
int cuMemcpyDtoH_v2(void *, Address, size_t);
int cuMemcpyDtoDAsync_v2(Address, Address, size_t, Stream *);
int cuMemsetD8Async(Address, unsigned char, size_t, Stream *);
int cuStreamCreate(Stream **, unsigned);
int cuStreamDestroy_v2(Stream *);
int cuStreamSynchronize(Stream *);
int cuStreamWaitEvent(Stream *, Event *, unsigned);
int cuEventCreate(Event **, unsigned);
int cuEventDestroy_v2(Event *);
int cuEventRecord(Event *, Stream *);
int cuProfilerInitialize(const char *, const char *, int);
int cuLaunchKernel(
    Function *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream *, void **, void **);

#define BYTES 256

static const char *report_file;
static int failures;

static void expect(int ok, const char *what) {
  if (!ok) {
    printf("not so: %s\n", what);
    failures++;
  }
}

/* Whether the report has a line with this text; or is empty, for null. Forgets findings. */
static void expect_report(const char *text, const char *what) {
  static char report[8192];
  cuProfilerInitialize("report", report_file, 0);
  FILE *file = fopen(report_file, "r");
  size_t length = file == NULL ? 0 : fread(report, 1, sizeof report - 1, file);
  report[length] = 0;
  if (file != NULL) {
    fclose(file);
  }
  expect(text == NULL ? length == 0 : strstr(report, text) != NULL, what);
  cuProfilerInitialize("clear", "", 0);
}

static Address allocated(void) {
  Address address = 0;
  expect(cuMemAlloc_v2(&address, BYTES) == 0, "memory can be allocated");
  return address;
}

static void bounds_and_lives(void) {
  char bytes[BYTES + 1] = {0};
  Address address = allocated();
  expect(cuMemcpyHtoD_v2(address, bytes, BYTES + 1) != 0, "a copy beyond the end fails");
  expect_report("of an allocation of 256 bytes", "a copy beyond the end is found");
  expect_report("leaked: 256 bytes of device memory", "what is still allocated is told");
  expect(cuMemFree_v2(address) == 0, "memory can be freed");
  expect_report(NULL, "nothing is found after clearing and freeing");
  cuMemcpyHtoD_v2(address, bytes, 1);
  expect_report("after it was freed", "use after free is found");
  cuMemFree_v2(address);
  expect_report("freed twice", "freeing twice is found");
  cuMemcpyHtoD_v2(8, bytes, 1);
  expect_report("where no allocation is", "a wild address is found");
}

/* One stream writes or reads; another, which waits for it or does not, reads or writes the same. */
static void order_of_streams(int reads_first, int waits) {
  Stream *one;
  Stream *other;
  Event *event;
  cuStreamCreate(&one, 1);
  cuStreamCreate(&other, 1);
  cuEventCreate(&event, 2);
  Address first = allocated();
  Address second = allocated();
  cuMemsetD8Async(first, 1, BYTES, one);
  cuStreamSynchronize(one);
  if (reads_first) {
    cuMemcpyDtoDAsync_v2(second, first, BYTES, one);
  } else {
    cuMemsetD8Async(first, 2, BYTES, one);
  }
  cuEventRecord(event, one);
  if (waits) {
    cuStreamWaitEvent(other, event, 0);
  }
  if (reads_first) {
    cuMemsetD8Async(first, 3, BYTES, other);
  } else {
    cuMemcpyDtoDAsync_v2(second, first, BYTES, other);
  }
  cuStreamSynchronize(other);
  cuStreamSynchronize(one);
  cuMemFree_v2(first);
  cuMemFree_v2(second);
  cuEventDestroy_v2(event);
  cuStreamDestroy_v2(one);
  cuStreamDestroy_v2(other);
  expect_report(waits ? NULL : "without waiting for it", waits ? "an event orders streams" : "missing order of streams is found");
}

static void lateness(void) {
  Stream *stream;
  cuStreamCreate(&stream, 1);
  unsigned char *staging;
  unsigned char seen = 0;
  cuMemAllocHost_v2((void **)&staging, BYTES);
  Address address = allocated();
  memset(staging, 1, BYTES);
  cuMemcpyHtoDAsync_v2(address, staging, BYTES, stream);
  memset(staging, 2, BYTES);
  cuStreamSynchronize(stream);
  cuMemcpyDtoH_v2(&seen, address, 1);
  expect(seen == 2, "a staging buffer that is reused too early shows");
  cuMemFreeHost(staging);
  cuMemFree_v2(address);
  cuStreamDestroy_v2(stream);
  expect_report(NULL, "nothing is left");
}

static void failing_allocations(void) {
  Address address;
  void *staging;
  cuProfilerInitialize("fail-allocation", "2", 0);
  expect(cuMemAlloc_v2(&address, BYTES) == 0, "the first allocation succeeds");
  expect(cuMemAllocHost_v2(&staging, BYTES) == 2, "the second is out of memory");
  expect(cuMemAllocHost_v2(&staging, BYTES) == 0, "the third succeeds");
  cuMemFreeHost(staging);
  cuMemFree_v2(address);
  cuProfilerInitialize("memory", "1000", 0);
  expect(cuMemAlloc_v2(&address, 1001) == 2, "device memory ends somewhere");
  cuProfilerInitialize("memory", "1000000", 0);
  expect_report(NULL, "a failed allocation leaves nothing");
}

static void kernels(const char *folder) {
  char path[4096];
  static char text[1 << 20];
  snprintf(path, sizeof path, "%s/rows.ptx", folder);
  FILE *file = fopen(path, "r");
  text[file == NULL ? 0 : fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  Module *module;
  Function *gather;
  expect(cuModuleLoadData(&module, text) == 0, "the PTX is loaded");
  expect(cuModuleGetFunction(&gather, module, "no_such_kernel") != 0, "an unknown kernel is refused");
  expect(cuModuleGetFunction(&gather, module, "gather") == 0, "a kernel is found by its name");
  int row = 4;
  int count = 1;
  int width = 16;
  Address x = allocated();
  Address rows = allocated();
  Address out = allocated();
  cuMemcpyHtoD_v2(rows, &row, 4);
  float zeros[BYTES / 4] = {0};
  cuMemcpyHtoD_v2(x, zeros, BYTES);
  void *parameters[] = {&x, &rows, &count, &width, &out};
  cuLaunchKernel(gather, 1, 1, 1, 256, 1, 1, 0, NULL, parameters, NULL);
  expect(cuStreamSynchronize(NULL) != 0, "a kernel that reads beyond the end fails");
  expect_report("gather reads 64 bytes at", "a kernel that reads beyond the end is found");
  row = 3;
  cuMemcpyHtoD_v2(rows, &row, 4);
  cuLaunchKernel(gather, 1, 1, 1, 128, 1, 1, 0, NULL, parameters, NULL);
  cuStreamSynchronize(NULL);
  expect_report("its rule says", "a launch against its rule is found");
  cuLaunchKernel(gather, 1, 1, 1, 256, 1, 1, 0, NULL, parameters, NULL);
  expect(cuStreamSynchronize(NULL) == 0, "the same, rightly, does not fail");
  cuMemFree_v2(x);
  cuMemFree_v2(rows);
  cuMemFree_v2(out);
  expect_report(NULL, "the same, rightly, leaves nothing");
  cuModuleUnload(module);
  expect(cuModuleLoadData(&module, ".visible .entry gather(\n.param .u32 a\n)") != 0, "PTX with other parameters is refused");
  expect_report("parameter 0 of gather", "PTX with other parameters is found");
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "arguments: the folder of the PTX, a file for reports\n");
    return 2;
  }
  report_file = arguments[2];
  void *context;
  cuInit(0);
  cuDevicePrimaryCtxRetain(&context, 0);
  Address address;
  expect(cuMemAlloc_v2(&address, BYTES) == 201, "a thread without a context is refused");
  cuCtxSetCurrent(context);
  bounds_and_lives();
  order_of_streams(0, 0);
  order_of_streams(1, 0);
  order_of_streams(0, 1);
  order_of_streams(1, 1);
  lateness();
  failing_allocations();
  kernels(arguments[1]);
  return failures == 0 ? 0 : 1;
}
