package dev.drey.jobs.kafka;

import dev.drey.jobs.options.KafkaSettings;
import dev.drey.operators.records.SourceRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.header.Header;

/** The source of requests from a topic: committed records as they are, tombstones included. */
public final class KafkaRequests {
  private KafkaRequests() {}

  /** A source with the job's settings, already validated. */
  public static KafkaSource<SourceRecord> source(Configuration settings) {
    KafkaClients clients = new KafkaClients(settings);
    Properties properties = clients.properties();
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    KafkaSourceBuilder<SourceRecord> builder =
        KafkaSource.<SourceRecord>builder()
            .setProperties(properties)
            .setBootstrapServers(clients.bootstrap())
            .setTopics(clients.inputTopic())
            .setGroupId(clients.group())
            .setStartingOffsets(start(KafkaSettings.START.in(settings)))
            .setDeserializer(new RawRecords());
    if (KafkaSettings.BOUNDED.in(settings)) {
      builder.setBounded(OffsetsInitializer.latest());
    }
    return builder.build();
  }

  @SuppressWarnings("deprecation") // the connector asks for Kafka's old type
  private static OffsetsInitializer start(String where) {
    return switch (where) {
      case "earliest" -> OffsetsInitializer.earliest();
      case "latest" -> OffsetsInitializer.latest();
      default -> OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST);
    };
  }

  /** Keeps every byte; never fails, so that a bad record cannot stop the job here. */
  static final class RawRecords implements KafkaRecordDeserializationSchema<SourceRecord> {
    private static final long serialVersionUID = 1L;

    @Override
    @SuppressWarnings("NullAway") // a nullable array in a record's header is not recognised
    public void deserialize(ConsumerRecord<byte[], byte[]> consumed, Collector<SourceRecord> out) {
      List<SourceRecord.Header> headers = new ArrayList<>();
      for (Header header : consumed.headers()) {
        headers.add(new SourceRecord.Header(header.key(), header.value()));
      }
      out.collect(
          new SourceRecord(
              consumed.key(),
              consumed.value(),
              headers,
              consumed.topic(),
              consumed.partition(),
              consumed.offset(),
              consumed.timestamp()));
    }

    @Override
    public TypeInformation<SourceRecord> getProducedType() {
      return SourceRecord.TYPE;
    }
  }
}
