/*
 * Lock, findings, and the tests' way to ask about them. JCuda has no call of ours, so a call that no device code needs carries
 * them: cuProfilerInitialize(command, argument, 0).
 *
 *   "report"  argument: a file, which gets the findings, one a line, then what is still allocated
 *   "clear"   forgets findings
 *   "memory"  argument: bytes of device memory from now on
 *   "compare" argument: 1 to run each kernel's source too and hold it against its C version, 0 not to
 *   "fail-allocation"  argument: k; the k-th allocation from now, on device or host, fails; 0 for none
 */
#define _GNU_SOURCE
#include "fake.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDINGS 32

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char findings[FINDINGS][512];
static int found;
static int pending;

void enter(void) { pthread_mutex_lock(&lock); }

int leave(int result) {
  pthread_mutex_unlock(&lock);
  return result;
}

void finding(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (found < FINDINGS) {
    vsnprintf(findings[found], sizeof findings[found], format, arguments);
    fprintf(stderr, "[fake driver] %s\n", findings[found]);
  }
  va_end(arguments);
  found++;
  pending = 1;
}

int findings_made(void) { return found; }

int pending_failure(void) {
  int result = pending ? LAUNCH_FAILED : SUCCESS;
  pending = 0;
  return result;
}

static int report(const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL) {
    return INVALID_VALUE;
  }
  for (int i = 0; i < found && i < FINDINGS; i++) {
    fprintf(file, "%s\n", findings[i]);
  }
  if (found > FINDINGS) {
    fprintf(file, "and %d more findings\n", found - FINDINGS);
  }
  char text[4096];
  memory_describe(text, sizeof text);
  fputs(text, file);
  if (streams_living() > 0) {
    fprintf(file, "open: %ld streams\n", streams_living());
  }
  if (events_living() > 0) {
    fprintf(file, "open: %ld events\n", events_living());
  }
  return fclose(file) == 0 ? SUCCESS : INVALID_VALUE;
}

int cuProfilerInitialize(const char *command, const char *argument, int mode) {
  (void)mode;
  enter();
  if (strcmp(command, "report") == 0) {
    streams_run_all();
    return leave(report(argument));
  }
  if (strcmp(command, "clear") == 0) {
    found = 0;
    pending = 0;
    return leave(SUCCESS);
  }
  if (strcmp(command, "memory") == 0) {
    memory_set_total(strtoull(argument, NULL, 10));
    return leave(SUCCESS);
  }
  if (strcmp(command, "compare") == 0) {
    streams_run_all();
    compare_with_source(argument[0] == '1');
    return leave(SUCCESS);
  }
  if (strcmp(command, "fail-allocation") == 0) {
    memory_fail_allocation(strtol(argument, NULL, 10));
    return leave(SUCCESS);
  }
  return leave(INVALID_VALUE);
}

int cuGetErrorString(int error, const char **text) {
  switch (error) {
    case SUCCESS:
      *text = "no error";
      break;
    case INVALID_VALUE:
      *text = "invalid argument";
      break;
    case OUT_OF_MEMORY:
      *text = "out of memory";
      break;
    case INVALID_CONTEXT:
      *text = "invalid device context";
      break;
    case NOT_FOUND:
      *text = "named symbol not found";
      break;
    case LAUNCH_FAILED:
      *text = found > 0 ? findings[(found > FINDINGS ? FINDINGS : found) - 1] : "unspecified launch failure";
      break;
    default:
      *text = "an error of the fake driver";
  }
  return SUCCESS;
}

int cuGetErrorName(int error, const char **name) {
  switch (error) {
    case SUCCESS:
      *name = "CUDA_SUCCESS";
      break;
    case INVALID_VALUE:
      *name = "CUDA_ERROR_INVALID_VALUE";
      break;
    case OUT_OF_MEMORY:
      *name = "CUDA_ERROR_OUT_OF_MEMORY";
      break;
    case INVALID_CONTEXT:
      *name = "CUDA_ERROR_INVALID_CONTEXT";
      break;
    case INVALID_HANDLE:
      *name = "CUDA_ERROR_INVALID_HANDLE";
      break;
    case NOT_FOUND:
      *name = "CUDA_ERROR_NOT_FOUND";
      break;
    case LAUNCH_FAILED:
      *name = "CUDA_ERROR_LAUNCH_FAILED";
      break;
    default:
      *name = "CUDA_ERROR_UNKNOWN";
  }
  return SUCCESS;
}
