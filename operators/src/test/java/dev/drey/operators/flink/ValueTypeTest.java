package dev.drey.operators.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.operators.records.SourceRecord;
import dev.drey.runtime.schedule.Step;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

class ValueTypeTest {
  @Test
  void whatBelongsToAChainIsNeitherCopiedNorWritten() {
    TypeSerializer<Step> serializer =
        ValueType.chainOnly(Step.class).createSerializer(new SerializerConfigImpl());
    Step step = new Step(1);
    for (Runnable use :
        List.<Runnable>of(
            () -> serializer.copy(step),
            () -> serializer.copy(step, step),
            () -> write(serializer, step))) {
      assertThatThrownBy(use::run)
          .hasMessageContaining("Step")
          .hasMessageContaining("pipeline.object-reuse");
    }
  }

  private static <T> void write(TypeSerializer<T> serializer, T value) {
    try {
      serializer.serialize(value, new DataOutputSerializer(8));
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void typesTravelWithTheJobAndStayEqual() throws Exception {
    assertThat(InstantiationUtil.clone(SourceRecord.TYPE)).isEqualTo(SourceRecord.TYPE);
    ValueType<Step> steps = ValueType.chainOnly(Step.class);
    assertThat(InstantiationUtil.clone(steps))
        .isEqualTo(steps)
        .isNotEqualTo(ValueType.chainOnly(Object.class));
  }
}
