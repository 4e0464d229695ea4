package dev.drey.runtime.plan;

/** What an engine of a model will allocate, as a function of what a plan may choose. */
public interface MemoryLaw {
  /**
   * Everything but the expert slots. Never less for more of anything.
   *
   * @param sequences most sequences computed together
   * @param stepTokens most rows of a step
   * @param kvBlocks blocks of the key/value pool
   */
  FixedMemory fixed(int sequences, int stepTokens, int kvBlocks);

  /** Bytes of one expert slot. */
  long slotBytes();

  /** Experts of the model; more slots than that are never made. */
  int totalExperts();

  /** Fewest slots that work. */
  int leastSlots();

  /** Tokens of a key/value block. */
  int blockTokens();

  /** Fewest key/value blocks: a pool that refuses no request that others would take. */
  int leastKvBlocks();
}
