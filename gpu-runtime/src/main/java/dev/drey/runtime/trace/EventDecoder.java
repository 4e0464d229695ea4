package dev.drey.runtime.trace;

import java.nio.file.Path;

/** Reads the events of one chunk after the other and checks every number. */
final class EventDecoder {
  private static final DemandOutcome[] OUTCOMES = DemandOutcome.values();
  private static final LoadResult[] RESULTS = LoadResult.values();

  private final Path file;
  private final int layers;
  private final int experts;
  private final TraceSink sink;
  private final int[] ids;
  private final int[] counts;
  private final float[] floats;
  private final DemandOutcome[] outcomes;
  private final int expertsPerToken;
  private final int[] rowExperts;
  private final float[] rowWeights;

  // -- the chunk being read
  private byte[] bytes = new byte[0];
  private int at;
  private int end;
  private long fileOffset;
  private long nanos;
  private int routedLayer;
  private int routedCount;

  EventDecoder(Path file, TraceHeader header, TraceSink sink) {
    this.file = file;
    this.layers = header.layers();
    this.experts = header.experts();
    this.sink = sink;
    this.ids = new int[experts];
    this.counts = new int[experts];
    this.floats = new float[experts];
    this.outcomes = new DemandOutcome[experts];
    this.expertsPerToken = header.expertsPerToken();
    this.rowExperts = new int[TraceFormat.MAX_ROWS * expertsPerToken];
    this.rowWeights = new float[TraceFormat.MAX_ROWS * expertsPerToken];
  }

  /**
   * Reads a chunk.
   *
   * @param from where in {@code chunk} its events begin
   * @param to where they end
   * @param offset where in the file {@code chunk} begins
   * @return the time of the last event
   */
  long decode(byte[] chunk, int from, int to, long offset, int events, long baseNanos)
      throws TraceFileException {
    bytes = chunk;
    at = from;
    end = to;
    fileOffset = offset;
    nanos = baseNanos;
    routedLayer = -1;
    for (int event = 0; event < events; event++) {
      int kind = nextByte();
      nanos += number(Long.MAX_VALUE - nanos, "time");
      event(kind);
    }
    if (at != end) {
      throw damaged("end of the chunk's events", "no more bytes", (end - at) + " bytes");
    }
    return nanos;
  }

  private void event(int kind) throws TraceFileException {
    switch (kind) {
      case TraceFormat.STEP_BEGAN ->
          sink.stepBegan(nanos, step(), count("rows"), count("logit rows"));
      case TraceFormat.SEQUENCE_RAN ->
          sink.sequenceRan(
              nanos, count("sequence"), count("rows"), count("prompt tokens"), count("outputs"));
      case TraceFormat.SEQUENCE_ENDED ->
          sink.sequenceEnded(nanos, count("sequence"), count("outputs"));
      case TraceFormat.ROWS_ROUTED -> rowsRouted();
      case TraceFormat.ROUTED -> routed();
      case TraceFormat.PREDICTED -> predicted();
      case TraceFormat.DEMANDED -> demanded();
      case TraceFormat.LOAD_ISSUED ->
          sink.loadIssued(nanos, load(), layer(), expert(), choice(2, "prefetch") == 1);
      case TraceFormat.LOAD_ENDED -> loadEnded();
      case TraceFormat.EVICTED -> sink.evicted(nanos, layer(), expert(), choice(2, "unused") == 1);
      case TraceFormat.DEMAND_ENDED ->
          sink.demandEnded(nanos, step(), layer(), number(Long.MAX_VALUE, "stall"));
      case TraceFormat.STEP_ENDED -> sink.stepEnded(nanos, step());
      default -> {
        at--;
        throw damaged(
            "kind of event", TraceFormat.STEP_BEGAN + " to " + TraceFormat.ROWS_ROUTED, kind);
      }
    }
  }

  private void routed() throws TraceFileException {
    long step = step();
    int layer = layer();
    int count = rising();
    for (int i = 0; i < count; i++) {
      counts[i] = count("tokens");
      floats[i] = halfFloat();
    }
    routedLayer = layer;
    routedCount = count;
    sink.routed(nanos, step, layer, count, ids, counts, floats);
  }

  private void rowsRouted() throws TraceFileException {
    long step = step();
    int layer = layer();
    int firstRow = count("first row");
    int rows = (int) number(TraceFormat.MAX_ROWS, "rows");
    for (int i = 0; i < rows * expertsPerToken; i++) {
      rowExperts[i] = expert();
      rowWeights[i] = halfFloat();
    }
    sink.rowsRouted(nanos, step, layer, firstRow, rows, rowExperts, rowWeights);
  }

  private void predicted() throws TraceFileException {
    long step = step();
    int issuedAt = (int) number(layers, "layer") - 1;
    int target = layer();
    int count = (int) number(experts, "number of experts");
    boolean whole = choice(2, "form of the scores") == 1;
    routedLayer = -1;
    for (int i = 0; i < count; i++) {
      ids[i] = expert();
      floats[i] = whole ? number(1 << 24, "score") : nextFloat();
    }
    sink.predicted(nanos, step, issuedAt, target, count, ids, floats);
  }

  private void demanded() throws TraceFileException {
    long step = step();
    int layer = layer();
    boolean asRouted = choice(2, "reference to the routing") == 1;
    if (asRouted && layer != routedLayer) {
      throw damaged("reference to the routing", "routing of layer " + layer, "none before it");
    }
    int count = asRouted ? routedCount : rising();
    for (int first = 0; first < count; first += 4) {
      int four = nextByte();
      for (int i = first; i < Math.min(first + 4, count); i++) {
        outcomes[i] = OUTCOMES[(four >>> (2 * (i - first))) & 3];
      }
    }
    sink.demanded(nanos, step, layer, count, ids, outcomes);
  }

  private void loadEnded() throws TraceFileException {
    long load = load();
    int layer = layer();
    int expert = expert();
    long took = number(nanos, "duration");
    long moved = number(Long.MAX_VALUE, "bytes");
    int flags = choice(2 * RESULTS.length, "result");
    sink.loadEnded(
        nanos, load, layer, expert, nanos - took, moved, (flags & 1) == 1, RESULTS[flags >>> 1]);
  }

  // -- fields

  private long step() throws TraceFileException {
    return number(Long.MAX_VALUE, "step");
  }

  private long load() throws TraceFileException {
    return number(Long.MAX_VALUE, "load");
  }

  private int layer() throws TraceFileException {
    return (int) number(layers - 1, "layer");
  }

  private int expert() throws TraceFileException {
    return (int) number(experts - 1, "expert");
  }

  private int count(String what) throws TraceFileException {
    return (int) number(Integer.MAX_VALUE, what);
  }

  private int rising() throws TraceFileException {
    int count = (int) number(experts, "number of experts");
    routedLayer = -1;
    int before = -1;
    for (int i = 0; i < count; i++) {
      before += 1 + (int) number(experts - before - 2, "expert");
      ids[i] = before;
    }
    return count;
  }

  private int choice(int choices, String what) throws TraceFileException {
    int found = nextByte();
    if (found >= choices) {
      at--;
      throw damaged(what, "0 to " + (choices - 1), found);
    }
    return found;
  }

  private long number(long most, String what) throws TraceFileException {
    int from = at;
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      int group = nextByte();
      value |= (long) (group & 0x7F) << shift;
      if (group < 0x80) {
        break;
      }
      if (shift == 56) {
        at = from;
        throw damaged(what, "at most 9 bytes", "more");
      }
    }
    if (value > most) {
      at = from;
      throw damaged(what, "0 to " + most, value);
    }
    return value;
  }

  private float halfFloat() throws TraceFileException {
    return RecordedWeight.fromBits(nextByte() | nextByte() << 8);
  }

  private float nextFloat() throws TraceFileException {
    int bits = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      bits |= nextByte() << shift;
    }
    return Float.intBitsToFloat(bits);
  }

  private int nextByte() throws TraceFileException {
    if (at >= end) {
      throw damaged("event", "another byte", "the chunk's end");
    }
    return bytes[at++] & 0xFF;
  }

  private TraceFileException damaged(String what, Object expected, Object found) {
    return new TraceFileException(file, fileOffset + at, what, expected, found);
  }
}
