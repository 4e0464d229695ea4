package dev.drey.operators.flink;

import java.io.Serializable;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.util.OutputTag;

/**
 * What a {@link StepLoopOperator} drives: a table that takes inputs and advances in steps. All
 * methods are called in the task's thread. {@link #close} is called in every case, also when {@link
 * #open} failed or was never reached.
 *
 * @param <I> input
 * @param <S> what a step sends through the chain
 */
public interface StepLoop<I, S> extends Serializable {
  /** What the operator offers its loop. */
  interface Context<S> {
    /** The subtask's context. */
    RuntimeContext runtime();

    /** Sends the step through the chain; returns when the last chained operator has seen it. */
    void emit(S step);

    /** Sends a value to a side output. */
    <T> void sideOutput(OutputTag<T> tag, T value);

    /** Whether the task is being cancelled; true early, before its thread is interrupted. */
    boolean isCanceled();
  }

  /** Registers state and reads what was restored; called before {@link #open}. */
  void initializeState(FunctionInitializationContext state) throws Exception;

  /** Makes the loop ready. */
  void open(Context<S> context) throws Exception;

  /** Takes an input; steps by itself if it must have room first. */
  void admit(I input) throws Exception;

  /** Whether another input can be taken without a step. */
  boolean hasRoom();

  /** Whether there is nothing to step. */
  boolean isEmpty();

  /** One step; only called while not empty. */
  void step() throws Exception;

  /** Writes the state; between two steps. */
  void snapshotState() throws Exception;

  /** Gives everything back. */
  void close() throws Exception;
}
