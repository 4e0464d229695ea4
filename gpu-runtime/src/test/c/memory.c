/*
 * Device and pinned host memory, and who touched it last. Addresses are never given out twice, so that use after free is always
 * seen: one large range is reserved, allocations follow each other in it with a gap, freed ones become inaccessible.
 */
#define _GNU_SOURCE
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SPACE (1ull << 42)
#define PAGE 4096ull

typedef struct {
  uint32_t writer_at;
  uint32_t reader_at;
  uint8_t writer;
  uint8_t reader;
} Granule;

typedef struct {
  char *address;
  size_t bytes;
  int host;
  int living;
  Granule *granules;
} Allocation;

static char *space;
static char *next;
static Allocation *allocations;
static size_t count;
static size_t room;
static size_t total = 8ull << 30;
static size_t used;
static long countdown;
static long calls;

size_t memory_total(void) { return total; }
size_t memory_used(void) { return used; }
void memory_set_total(size_t bytes) { total = bytes; }
void memory_fail_allocation(long k) { countdown = k; }
long memory_calls(void) { return calls; }

static size_t pages(size_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

static int reserve(void) {
  if (space == NULL) {
    void *range = mmap(NULL, SPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) {
      return 0;
    }
    space = next = range;
  }
  return 1;
}

int memory_allocate(size_t bytes, int host, void **address) {
  calls++;
  if (bytes == 0) {
    return INVALID_VALUE;
  }
  if (countdown > 0 && --countdown == 0) {
    return OUT_OF_MEMORY;
  }
  if (!host && bytes > total - used) {
    return OUT_OF_MEMORY;
  }
  if (count == room) {
    room = room == 0 ? 256 : 2 * room;
    allocations = realloc(allocations, room * sizeof *allocations);
  }
  size_t granules = (bytes + GRANULE - 1) / GRANULE;
  Allocation new = {NULL, bytes, host, 1, calloc(granules, sizeof(Granule))};
  if (allocations == NULL || new.granules == NULL || !reserve()) {
    return OUT_OF_MEMORY;
  }
  new.address = next;
  if (next + pages(bytes) + PAGE > space + SPACE || mprotect(next, pages(bytes), PROT_READ | PROT_WRITE) != 0) {
    free(new.granules);
    return OUT_OF_MEMORY;
  }
  /* What a real allocation holds is anything: NaNs show who forgets to fill it. */
  memset(next, 0xff, bytes);
  next += pages(bytes) + PAGE;
  allocations[count++] = new;
  used += host ? 0 : bytes;
  *address = new.address;
  return SUCCESS;
}

/* The last allocation that begins at or below the address. */
static Allocation *at(const void *address) {
  size_t low = 0;
  size_t high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (allocations[middle].address <= (const char *)address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? NULL : &allocations[low - 1];
}

static int within(const Allocation *allocation, const void *address) {
  return allocation != NULL && (const char *)address < allocation->address + allocation->bytes;
}

int memory_free(void *address, int host) {
  Allocation *allocation = at(address);
  if (allocation == NULL || allocation->address != address || allocation->host != host) {
    return INVALID_VALUE;
  }
  if (!allocation->living) {
    finding("%p of %zu bytes is freed twice", address, allocation->bytes);
    return INVALID_VALUE;
  }
  allocation->living = 0;
  free(allocation->granules);
  allocation->granules = NULL;
  mmap(address, pages(allocation->bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  used -= host ? 0 : allocation->bytes;
  return SUCCESS;
}

int memory_knows(const void *address, int host) {
  Allocation *allocation = at(address);
  return within(allocation, address) && allocation->host == host;
}

static int ordered(const Work *work, const Allocation *allocation, size_t first, size_t last, int write) {
  for (size_t i = first; i <= last; i++) {
    Granule *granule = &allocation->granules[i];
    if (granule->writer_at > work->clock->at[granule->writer]) {
      finding(
          "%s on stream %d %s byte %zu of an allocation of %zu bytes, which work %u of stream %d wrote, without waiting for it",
          work->what,
          work->stream,
          write ? "writes" : "reads",
          i * GRANULE,
          allocation->bytes,
          granule->writer_at,
          granule->writer);
      return 0;
    }
    if (write && granule->reader_at > work->clock->at[granule->reader]) {
      finding(
          "%s on stream %d writes byte %zu of an allocation of %zu bytes, which work %u of stream %d reads, without waiting for it",
          work->what,
          work->stream,
          i * GRANULE,
          allocation->bytes,
          granule->reader_at,
          granule->reader);
      return 0;
    }
    if (write) {
      granule->writer = (uint8_t)work->stream;
      granule->writer_at = work->clock->at[work->stream];
    } else {
      granule->reader = (uint8_t)work->stream;
      granule->reader_at = work->clock->at[work->stream];
    }
  }
  return 1;
}

int memory_access(const Work *work, const void *address, size_t bytes, int write) {
  if (bytes == 0) {
    return 1;
  }
  Allocation *allocation = at(address);
  if (!within(allocation, address)) {
    finding("%s %s %zu bytes at %p, where no allocation is", work->what, write ? "writes" : "reads", bytes, address);
    return 0;
  }
  size_t offset = (size_t)((const char *)address - allocation->address);
  if (!allocation->living) {
    finding(
        "%s %s %zu bytes at offset %zu of an allocation of %zu bytes after it was freed",
        work->what,
        write ? "writes" : "reads",
        bytes,
        offset,
        allocation->bytes);
    return 0;
  }
  if (bytes > allocation->bytes - offset) {
    finding(
        "%s %s %zu bytes at offset %zu of an allocation of %zu bytes",
        work->what,
        write ? "writes" : "reads",
        bytes,
        offset,
        allocation->bytes);
    return 0;
  }
  return ordered(work, allocation, offset / GRANULE, (offset + bytes - 1) / GRANULE, write);
}

long memory_living(int host) {
  long living = 0;
  for (size_t i = 0; i < count; i++) {
    living += allocations[i].living && allocations[i].host == host;
  }
  return living;
}

void memory_describe(char *text, size_t size) {
  size_t length = 0;
  text[0] = 0;
  for (size_t i = 0; i < count && length < size; i++) {
    if (allocations[i].living) {
      length += (size_t)snprintf(
          text + length, size - length, "leaked: %zu bytes of %s memory\n", allocations[i].bytes, allocations[i].host ? "pinned" : "device");
    }
  }
}
