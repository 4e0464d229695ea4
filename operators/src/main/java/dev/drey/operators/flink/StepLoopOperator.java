package dev.drey.operators.flink;

import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;

/**
 * Runs a {@link StepLoop} on the task's mailbox: one mail is one step through the whole chain.
 *
 * <p><b>Turns.</b> The task's thread alternates between its mails and one turn of the input.
 * Barriers, cancellation and records get in between two steps and nowhere else. The next mail is
 * posted after the step, never before it, or it would stand ahead of a waiting barrier.
 *
 * <p><b>Fill first.</b> While a step is always posted, the input yields one record per turn, so a
 * mail that finds a record has arrived and there is room posts itself again instead of stepping. A
 * bound on such turns keeps an endless stream of records that take no room from starving the steps.
 *
 * <p><b>Stopping.</b> The mail is deferrable: a stop with a savepoint closes the mailbox for such
 * mails, so the table is left as the savepoint has it instead of being run to its end. Posting is
 * then rejected, which is no failure. Under drain, and at a stop that passes the source's gate by,
 * {@link #endInput} meets a table that is not empty; a deferrable mail never runs inside {@code
 * yield()}, so it steps by itself, and looks for cancellation because no mail can tell it.
 *
 * <p><b>Failure.</b> An exception of the loop or of the chain behind it fails the task.
 */
public final class StepLoopOperator<I, S> extends AbstractStreamOperator<S>
    implements OneInputStreamOperator<I, S>, BoundedOneInput {
  /** Turns given to the input in a row while there is something to step. */
  private static final int MAX_FILL_TURNS = 1024;

  private final StepLoop<I, S> loop;
  private final transient MailboxExecutor mailbox;
  private final transient OperatorContext context = new OperatorContext();

  private boolean posted;
  private boolean arrived;
  private int fillTurns;

  StepLoopOperator(StreamOperatorParameters<S> parameters, StepLoop<I, S> loop) {
    super(parameters);
    this.loop = loop;
    this.mailbox = parameters.getMailboxExecutor();
  }

  private final class OperatorContext implements StepLoop.Context<S> {
    private final StreamRecord<S> record = new StreamRecord<>(null);

    @Override
    public RuntimeContext runtime() {
      return getRuntimeContext();
    }

    @Override
    public void emit(S step) {
      output.collect(record.replace(step));
    }

    @Override
    public <T> void sideOutput(OutputTag<T> tag, T value) {
      output.collect(tag, new StreamRecord<>(value));
    }

    @Override
    public boolean isCanceled() {
      return getContainingTask().isCanceled();
    }
  }

  @Override
  public void initializeState(StateInitializationContext state) throws Exception {
    super.initializeState(state);
    loop.initializeState(state);
  }

  @Override
  public void open() throws Exception {
    super.open();
    loop.open(context);
    post();
  }

  @Override
  public void processElement(StreamRecord<I> element) throws Exception {
    loop.admit(element.getValue());
    arrived = true;
    post();
  }

  private void post() {
    if (posted || loop.isEmpty()) {
      return;
    }
    try {
      mailbox.execute(MailboxExecutor.MailOptions.deferrable(), this::turn, "decode step");
      posted = true;
    } catch (RejectedExecutionException ending) {
      LOG.debug("the task ends after a savepoint; {} keeps what it has", loop);
    }
  }

  private void turn() throws Exception {
    posted = false;
    if (arrived && loop.hasRoom() && fillTurns < MAX_FILL_TURNS) {
      fillTurns++;
    } else if (!loop.isEmpty()) {
      fillTurns = 0;
      loop.step();
    }
    arrived = false;
    post();
  }

  @Override
  public void snapshotState(StateSnapshotContext snapshot) throws Exception {
    super.snapshotState(snapshot);
    loop.snapshotState();
  }

  @Override
  public void endInput() throws Exception {
    while (!loop.isEmpty()) {
      if (context.isCanceled()) {
        throw new CancelTaskException("cancelled while the table was drained");
      }
      loop.step();
    }
  }

  @Override
  public void close() throws Exception {
    try {
      loop.close();
    } finally {
      super.close();
    }
  }
}
