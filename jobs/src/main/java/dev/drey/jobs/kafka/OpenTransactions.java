package dev.drey.jobs.kafka;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Looks for transactions that somebody left open, and for what they hide. */
final class OpenTransactions {
  private final Admin admin;
  private final KafkaClients clients;
  private final Clock clock;
  private final List<String> problems;
  private final List<String> warnings;

  OpenTransactions(
      Admin admin,
      KafkaClients clients,
      Clock clock,
      List<String> problems,
      List<String> warnings) {
    this.admin = admin;
    this.clients = clients;
    this.clock = clock;
    this.problems = problems;
    this.warnings = warnings;
  }

  /** Open transactions whose ids begin with ours: of a killed run, or of one that still runs. */
  void checkOwnPrefix(boolean resumes) throws InterruptedException {
    try {
      ListTransactionsOptions open =
          new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING));
      List<String> own = new ArrayList<>();
      for (TransactionListing listing : admin.listTransactions(open).all().get()) {
        if (listing.transactionalId().startsWith(clients.transactionPrefix())) {
          own.add(listing.transactionalId());
        }
      }
      if (!own.isEmpty() && !resumes) {
        warnings.add(describe(own));
      }
    } catch (ExecutionException e) {
      warnings.add("open transactions could not be listed: " + e.getCause());
    }
  }

  private String describe(Collection<String> own) throws ExecutionException, InterruptedException {
    long oldest = 0;
    Map<String, TransactionDescription> all = admin.describeTransactions(own).all().get();
    for (TransactionDescription transaction : all.values()) {
      long started = transaction.transactionStartTimeMs().orElse(clock.millis());
      oldest = Math.max(oldest, clock.millis() - started);
    }
    return ("%d open transaction(s) begin with %s, the oldest open for %d s: a killed run left"
            + " them, and readers of committed records wait behind them; this start aborts them."
            + " If another job still uses the prefix, stop one of the two")
        .formatted(own.size(), clients.transactionPrefix(), oldest / 1000);
  }

  /** Records of the input that lie behind an open transaction and so cannot be read yet. */
  void checkInput(TopicDescription topic, boolean bounded)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    topic
        .partitions()
        .forEach(
            p -> latest.put(new TopicPartition(topic.name(), p.partition()), OffsetSpec.latest()));
    Map<TopicPartition, ListOffsetsResultInfo> stable =
        offsets(latest, IsolationLevel.READ_COMMITTED);
    Map<TopicPartition, ListOffsetsResultInfo> ends =
        offsets(latest, IsolationLevel.READ_UNCOMMITTED);
    Map<Integer, String> hidden = new TreeMap<>();
    ends.forEach(
        (partition, end) -> {
          ListOffsetsResultInfo last = stable.get(partition);
          long readable = last == null ? end.offset() : last.offset();
          if (readable < end.offset()) {
            hidden.put(
                partition.partition(),
                "partition %d from offset %d to %d"
                    .formatted(partition.partition(), readable, end.offset()));
          }
        });
    if (!hidden.isEmpty()) {
      String found =
          "topic %s: an open transaction hides %s"
              .formatted(topic.name(), String.join(", ", hidden.values()));
      if (bounded) {
        problems.add(
            found
                + "; a bounded job would leave these records out: wait until its producer commits,"
                + " or abort it with kafka-transactions.sh");
      } else {
        warnings.add(found + "; they are read once it ends");
      }
    }
  }

  private Map<TopicPartition, ListOffsetsResultInfo> offsets(
      Map<TopicPartition, OffsetSpec> wanted, IsolationLevel isolation)
      throws ExecutionException, InterruptedException {
    return admin.listOffsets(wanted, new ListOffsetsOptions(isolation)).all().get();
  }
}
