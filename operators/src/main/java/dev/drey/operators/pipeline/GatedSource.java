package dev.drey.operators.pipeline;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Any source, holding back while the decode head chained to it has no room.
 *
 * <p>The reader hands out nothing while the table is full and keeps the end of its input to itself
 * until the table is empty. So the head never has to wait inside {@code processElement} or {@code
 * endInput}, where no checkpoint could be taken: records, barriers and cancellation all reach the
 * task between two steps, and a drain is checkpointed like everything else.
 *
 * <p>The head must be in the same chain, or the reader fails with its first poll. A stop with a
 * savepoint passes the reader by, so the head must still cope with the end of input and a full
 * table.
 *
 * @param <T> what the source yields
 * @param <S> its splits
 * @param <E> its enumerator's checkpoint
 */
public final class GatedSource<T, S extends SourceSplit, E>
    implements Source<T, S, E>, ResultTypeQueryable<T> {
  private final Source<T, S, E> source;
  private final TypeInformation<T> type;
  private final boolean signalEndAfterRestore;

  /**
   * @param source the source to hold back
   * @param type what it yields
   * @param signalEndAfterRestore whether the enumerator of a bounded source, rebuilt from state,
   *     fails to announce that no more splits come, so that it has to be done for it; see {@link
   *     EndSignallingEnumerator}
   */
  public GatedSource(
      Source<T, S, E> source, TypeInformation<T> type, boolean signalEndAfterRestore) {
    this.source = source;
    this.type = type;
    this.signalEndAfterRestore = signalEndAfterRestore;
  }

  @Override
  public Boundedness getBoundedness() {
    return source.getBoundedness();
  }

  @Override
  public SourceReader<T, S> createReader(SourceReaderContext context) throws Exception {
    return GatedReader.open(source, context);
  }

  @Override
  public SplitEnumerator<S, E> createEnumerator(SplitEnumeratorContext<S> context)
      throws Exception {
    return source.createEnumerator(context);
  }

  @Override
  public SplitEnumerator<S, E> restoreEnumerator(SplitEnumeratorContext<S> context, E checkpoint)
      throws Exception {
    if (signalEndAfterRestore && getBoundedness() == Boundedness.BOUNDED) {
      return EndSignallingEnumerator.around(
          context, wrapped -> source.restoreEnumerator(wrapped, checkpoint));
    }
    return source.restoreEnumerator(context, checkpoint);
  }

  @Override
  public SimpleVersionedSerializer<S> getSplitSerializer() {
    return source.getSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<E> getEnumeratorCheckpointSerializer() {
    return source.getEnumeratorCheckpointSerializer();
  }

  @Override
  public TypeInformation<T> getProducedType() {
    return type;
  }
}
