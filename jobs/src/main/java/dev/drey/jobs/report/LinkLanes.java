package dev.drey.jobs.report;

import java.util.ArrayList;
import java.util.List;

/** Gives loads that overlap in time lanes of their own. */
final class LinkLanes {
  private final List<Long> busyUntil = new ArrayList<>();

  /** The first lane that is free for this time. */
  int take(long start, long end) {
    for (int lane = 0; lane < busyUntil.size(); lane++) {
      if (busyUntil.get(lane) <= start) {
        busyUntil.set(lane, end);
        return lane;
      }
    }
    busyUntil.add(end);
    return busyUntil.size() - 1;
  }
}
