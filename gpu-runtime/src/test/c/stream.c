/*
 * Streams and events: queues of work, done when somebody waits. Work that waits for an event does the event's stream's work up to
 * it first. Stream 0 is the default stream; calls on it that wait do so at once.
 */
#define _GNU_SOURCE
#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* So many queries of an event are answered with not yet. */
#define UNREADY_QUERIES 2

typedef struct Item {
  struct Item *next;
  const char *what;
  Action action;
  void *argument;
  uint32_t number;
  Clock host; /* what the host had waited for when it issued this */
} Item;

struct Stream {
  int id;
  Item *first;
  Item *last;
  Clock clock;
};

/* One recording of an event; events that are recorded anew get a new one. */
typedef struct {
  int references;
  int done;
  int queries; /* that were answered with not yet */
  Stream *stream;
  Clock clock;
  double milliseconds;
} Point;

struct Event {
  Point *point;
};

static Stream defaults = {0, NULL, NULL, {{0}}};
static Stream *streams[STREAMS] = {&defaults};
static uint32_t issued[STREAMS];
static Clock host;
static long events;

static void join(Clock *into, const Clock *from) {
  for (int i = 0; i < STREAMS; i++) {
    if (into->at[i] < from->at[i]) {
      into->at[i] = from->at[i];
    }
  }
}

int stream_issue(Stream *stream, const char *what, Action action, void *argument) {
  stream = stream == NULL ? &defaults : stream;
  Item *item = malloc(sizeof *item);
  if (item == NULL) {
    free(argument);
    return OUT_OF_MEMORY;
  }
  *item = (Item){NULL, what, action, argument, ++issued[stream->id], host};
  if (stream->last == NULL) {
    stream->first = item;
  } else {
    stream->last->next = item;
  }
  stream->last = item;
  return SUCCESS;
}

static void step(Stream *stream) {
  Item *item = stream->first;
  stream->first = item->next;
  if (stream->first == NULL) {
    stream->last = NULL;
  }
  join(&stream->clock, &item->host);
  stream->clock.at[stream->id] = item->number;
  Work work = {stream->id, &stream->clock, item->what};
  item->action(&work, item->argument);
  free(item->argument);
  free(item);
}

void stream_run(Stream *stream) {
  stream = stream == NULL ? &defaults : stream;
  while (stream->first != NULL) {
    step(stream);
  }
}

void stream_hosts_behind(Stream *stream) {
  join(&host, &(stream == NULL ? &defaults : stream)->clock);
}

void streams_run_all(void) {
  for (int i = 0; i < STREAMS; i++) {
    if (streams[i] != NULL) {
      stream_run(streams[i]);
      stream_hosts_behind(streams[i]);
    }
  }
}

long streams_living(void) {
  long living = -1;
  for (int i = 0; i < STREAMS; i++) {
    living += streams[i] != NULL;
  }
  return living;
}

long events_living(void) { return events; }

int cuStreamCreate(Stream **stream, unsigned flags) {
  (void)flags;
  enter();
  for (int i = 1; i < STREAMS; i++) {
    if (streams[i] == NULL) {
      *stream = streams[i] = calloc(1, sizeof **stream);
      if (*stream == NULL) {
        return leave(OUT_OF_MEMORY);
      }
      streams[i]->id = i;
      streams[i]->clock.at[i] = issued[i];
      return leave(SUCCESS);
    }
  }
  return leave(OUT_OF_MEMORY);
}

int cuStreamCreateWithPriority(Stream **stream, unsigned flags, int priority) {
  (void)priority;
  return cuStreamCreate(stream, flags);
}

int cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  *least = 0;
  *greatest = -5;
  return SUCCESS;
}

static int known(const Stream *stream) {
  for (int i = 0; i < STREAMS; i++) {
    if (streams[i] == stream) {
      return 1;
    }
  }
  return stream == NULL;
}

int cuStreamDestroy_v2(Stream *stream) {
  enter();
  if (stream == NULL || !known(stream)) {
    finding("a stream that is not open is destroyed");
    return leave(INVALID_HANDLE);
  }
  stream_run(stream);
  streams[stream->id] = NULL;
  free(stream);
  return leave(SUCCESS);
}

int cuStreamSynchronize(Stream *stream) {
  enter();
  if (!known(stream)) {
    finding("a stream that is not open is waited for");
    return leave(INVALID_HANDLE);
  }
  stream_run(stream);
  stream_hosts_behind(stream);
  return leave(pending_failure());
}

int cuStreamQuery(Stream *stream) { return cuStreamSynchronize(stream); }

int cuCtxSynchronize(void) {
  enter();
  streams_run_all();
  return leave(pending_failure());
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void release(Point *point) {
  if (point != NULL && --point->references == 0) {
    free(point);
  }
}

static void reach(const Work *work, void *argument) {
  Point *point = *(Point **)argument;
  point->done = 1;
  point->clock = *work->clock;
  point->milliseconds = now();
  release(point);
}

static void complete(Point *point) {
  while (!point->done && point->stream->first != NULL) {
    step(point->stream);
  }
}

static void wait(const Work *work, void *argument) {
  Point *point = *(Point **)argument;
  complete(point);
  join(work->clock, &point->clock);
  release(point);
}

/* Queues an action that holds on to a point. */
static int issue(Stream *stream, const char *what, Action action, Point *point) {
  Point **holder = malloc(sizeof *holder);
  if (holder == NULL) {
    return OUT_OF_MEMORY;
  }
  *holder = point;
  point->references++;
  return stream_issue(stream, what, action, holder);
}

int cuEventCreate(Event **event, unsigned flags) {
  (void)flags;
  enter();
  *event = calloc(1, sizeof **event);
  events++;
  return leave(*event == NULL ? OUT_OF_MEMORY : SUCCESS);
}

int cuEventDestroy_v2(Event *event) {
  enter();
  release(event->point);
  free(event);
  events--;
  return leave(SUCCESS);
}

int cuEventRecord(Event *event, Stream *stream) {
  enter();
  Point *point = calloc(1, sizeof *point);
  if (point == NULL || !known(stream)) {
    free(point);
    return leave(INVALID_HANDLE);
  }
  point->references = 1;
  point->stream = stream == NULL ? &defaults : stream;
  release(event->point);
  event->point = point;
  return leave(issue(stream, "recording an event", reach, point));
}

int cuEventRecordWithFlags(Event *event, Stream *stream, unsigned flags) {
  (void)flags;
  return cuEventRecord(event, stream);
}

int cuStreamWaitEvent(Stream *stream, Event *event, unsigned flags) {
  (void)flags;
  enter();
  if (event->point == NULL) {
    return leave(SUCCESS);
  }
  return leave(issue(stream, "waiting for an event", wait, event->point));
}

int cuEventSynchronize(Event *event) {
  enter();
  if (event->point != NULL) {
    complete(event->point);
    join(&host, &event->point->clock);
  }
  return leave(pending_failure());
}

/* The first queries find an event that nobody waited for not reached: host code must not rely on its being early. */
int cuEventQuery(Event *event) {
  enter();
  if (event->point != NULL && !event->point->done && event->point->queries++ < UNREADY_QUERIES) {
    return leave(NOT_READY);
  }
  leave(SUCCESS);
  return cuEventSynchronize(event);
}

int cuEventElapsedTime(float *milliseconds, Event *from, Event *to) {
  enter();
  if (from->point == NULL || to->point == NULL || !from->point->done || !to->point->done) {
    return leave(INVALID_HANDLE);
  }
  *milliseconds = (float)(to->point->milliseconds - from->point->milliseconds);
  return leave(SUCCESS);
}
