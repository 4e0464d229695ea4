package dev.drey.runtime.slot;

/**
 * Names a task slot for as long as a job holds it.
 *
 * @param job id of the job
 * @param allocation id of the slot's allocation to the job
 */
public record SlotKey(String job, String allocation) {}
