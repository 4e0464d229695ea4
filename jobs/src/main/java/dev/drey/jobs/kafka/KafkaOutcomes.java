package dev.drey.jobs.kafka;

import dev.drey.jobs.options.KafkaSettings;
import dev.drey.operators.records.Outcome;
import dev.drey.schemas.format.WireFormat;
import java.util.Locale;
import java.util.Properties;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;

/** The one sink of results and dead letters: both in the same transaction. */
public final class KafkaOutcomes {
  private KafkaOutcomes() {}

  /**
   * A sink with the job's settings, already validated.
   *
   * @param limits what the topics take, as {@link KafkaPreflight} found
   */
  public static KafkaSink<Outcome> sink(Configuration settings, RecordLimits limits) {
    KafkaClients clients = new KafkaClients(settings);
    Properties properties = clients.properties();
    properties.setProperty(
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
        String.valueOf(clients.transactionTimeout().toMillis()));
    String naming = KafkaSettings.TRANSACTION_NAMING.in(settings).toUpperCase(Locale.ROOT);
    return KafkaSink.<Outcome>builder()
        .setKafkaProducerConfig(properties)
        .setBootstrapServers(clients.bootstrap())
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(clients.transactionPrefix())
        .setTransactionNamingStrategy(TransactionNamingStrategy.valueOf(naming))
        .setRecordSerializer(
            new OutcomeRecords(
                clients.outputTopic(),
                clients.deadLetterTopic(),
                WireFormat.named(KafkaSettings.FORMAT.in(settings)),
                limits))
        .build();
  }
}
