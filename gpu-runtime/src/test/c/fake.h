/*
 * A CUDA driver that runs on the processor, for tests of host code where there is no GPU.
 *
 * Work is queued per stream and done as late as the rules of CUDA allow: when somebody waits for it. So host code that forgets to
 * wait, or reuses a staging buffer too early, gets wrong numbers here as it might there. Kernels are C functions looked up by name
 * (kernel.h); a module must have an entry of that name and the same parameters in its PTX.
 *
 * Every access of a copy or kernel is checked: inside of one living allocation, and ordered. Order is kept by vector clocks: each
 * stream counts its pieces of work and knows how far it is behind each other stream's (by waiting for an event, or because the
 * host had waited before it issued the work); memory remembers, for every GRANULE bytes, who wrote and who read last.
 *
 * What is found is a finding: the piece of work is abandoned, the next call that can fails with CUDA_ERROR_LAUNCH_FAILED, whose
 * error string is the finding. Findings and what leaked are told through cuProfilerInitialize (see control.c).
 *
 * Everything happens under one lock.
 */
#ifndef DREY_FAKE_H
#define DREY_FAKE_H

#include <stddef.h>
#include <stdint.h>

#define SUCCESS 0
#define INVALID_VALUE 1
#define OUT_OF_MEMORY 2
#define INVALID_CONTEXT 201
#define INVALID_HANDLE 400
#define NOT_FOUND 500
#define NOT_READY 600
#define LAUNCH_FAILED 719
#define NOT_SUPPORTED 801

#define STREAMS 64
#define GRANULE 64

/* How far one is behind each stream: work up to and including this number has happened before. */
typedef struct {
  uint32_t at[STREAMS];
} Clock;

/* A piece of work on its way through memory. */
typedef struct {
  int stream;
  Clock *clock;
  const char *what; /* a kernel's name or the kind of copy */
} Work;

/* memory.c */
int memory_allocate(size_t bytes, int host, void **address);
int memory_free(void *address, int host);
/* Checks an access and remembers it. Returns 0, with a finding made, if it must not happen. */
int memory_access(const Work *work, const void *address, size_t bytes, int write);
/* Whether the address lies in an allocation of this driver, of the host's kind if so asked. */
int memory_knows(const void *address, int host);
size_t memory_total(void);
size_t memory_used(void);
void memory_set_total(size_t bytes);
void memory_fail_allocation(long countdown);
void memory_describe(char *text, size_t size);
long memory_living(int host);
long memory_calls(void);

/* stream.c */
typedef struct Stream Stream;
typedef struct Event Event;
typedef void (*Action)(const Work *work, void *argument);
/* Queues work; the argument is freed after it. */
int stream_issue(Stream *stream, const char *what, Action action, void *argument);
/* Does all that is queued. */
void streams_run_all(void);
void stream_run(Stream *stream);
void stream_hosts_behind(Stream *stream);
long streams_living(void);
long events_living(void);

/* control.c */
void enter(void);
int leave(int result);
/* Makes a finding. */
void finding(const char *format, ...) __attribute__((format(printf, 1, 2)));
int pending_failure(void);
int findings_made(void);

/* launch.c */
/* Whether each kernel's source is run as well and held against its C version. */
void compare_with_source(int on);
long compared_with_source(void);

#endif
