package dev.drey.operators.flink;

import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/** Makes the {@link StepLoopOperator} of each subtask, always chained. */
public final class StepLoopOperatorFactory<I, S> extends AbstractStreamOperatorFactory<S>
    implements OneInputStreamOperatorFactory<I, S> {
  private final StepLoop<I, S> loop;

  /**
   * @param loop copied to each subtask by serialization
   */
  public StepLoopOperatorFactory(StepLoop<I, S> loop) {
    this.loop = loop;
    setChainingStrategy(ChainingStrategy.ALWAYS);
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the interface is like that
  public <T extends StreamOperator<S>> T createStreamOperator(
      StreamOperatorParameters<S> parameters) {
    return (T) new StepLoopOperator<>(parameters, loop);
  }

  @Override
  @SuppressWarnings("rawtypes") // the interface is raw
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return StepLoopOperator.class;
  }
}
