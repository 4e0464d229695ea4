package dev.drey.runtime.probe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.plan.AttentionTimes;
import dev.drey.runtime.plan.LayerTimes;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.Product;
import dev.drey.runtime.plan.ProductTimes;
import dev.drey.runtime.plan.RowTimes;
import dev.drey.runtime.plan.SamplerTimes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Keeps what was measured of a machine in a file, so that it is measured once. The file says what
 * it is valid for, and is not believed for anything else; nor is one that cannot be read.
 */
public final class MachineFile {
  private static final int FORMAT = 4;
  private static final int NAME_DIGITS = 16;
  private static final String SEEN_ARRIVAL = "seen_arrival_bytes_per_second";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path file;
  private final String validFor;

  /**
   * @param directory where such files are kept; made when needed
   * @param validFor everything that the measurements depend on
   */
  public MachineFile(Path directory, String validFor) {
    this.validFor = validFor;
    this.file = directory.resolve("machine-" + digest(validFor) + ".json");
  }

  /** The usual directory: {@code drey} in the user's directory for caches. */
  public static Path usualDirectory() {
    String configured = System.getenv("XDG_CACHE_HOME");
    Path caches =
        configured == null || configured.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(configured);
    return caches.resolve("drey");
  }

  /** Where it is. */
  public Path path() {
    return file;
  }

  /** What was kept; empty if nothing was, or nothing that can be used. */
  public Optional<Machine> read() {
    try {
      return usable().map(MachineFile::machine);
    } catch (IllegalArgumentException unusable) {
      return Optional.empty();
    }
  }

  private Optional<ObjectNode> usable() {
    try {
      JsonNode root = MAPPER.readTree(Files.readString(file));
      boolean usable =
          root.path("format").asInt() == FORMAT && root.path("valid_for").asText().equals(validFor);
      return usable && root instanceof ObjectNode kept ? Optional.of(kept) : Optional.empty();
    } catch (IOException unusable) {
      return Optional.empty();
    }
  }

  /**
   * Keeps measurements, in place of older ones and of what was seen since.
   *
   * @throws IOException if the file cannot be written
   */
  public void write(Machine machine) throws IOException {
    write(json(machine));
  }

  /**
   * The rate that experts came in at while steps ran, in bytes per second, if it was seen to differ
   * from the measured one for long. An entry of its own: measurements say what the machine could do
   * with nothing else running, and stay what they are.
   */
  public OptionalDouble seenArrival() {
    double rate = usable().map(root -> root.path(SEEN_ARRIVAL).asDouble()).orElse(0.0);
    return rate > 0 ? OptionalDouble.of(rate) : OptionalDouble.empty();
  }

  /**
   * Keeps the rate that experts were seen to come in at, in place of an older one; nothing if there
   * are no measurements that it could stand beside.
   *
   * @throws IOException if the file cannot be written
   */
  public void writeSeenArrival(double bytesPerSecond) throws IOException {
    Optional<ObjectNode> kept = usable();
    if (kept.isPresent()) {
      write(kept.get().put(SEEN_ARRIVAL, bytesPerSecond));
    }
  }

  private void write(ObjectNode root) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path whole = Files.createTempFile(file.toAbsolutePath().getParent(), "machine-", ".part");
    try {
      Files.writeString(whole, root.toPrettyString());
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash).substring(0, NAME_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private ObjectNode json(Machine machine) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("format", FORMAT).put("valid_for", validFor);
    put(machine.products(), root.putArray("products"));
    put(machine.streamed(), root.putArray("streamed"));
    ArrayNode attention = root.putArray("attention");
    for (AttentionTimes times : machine.layers().attention()) {
      attention
          .addObject()
          .put("decode_row", times.decodeRow())
          .put("decode_position", times.decodePosition())
          .put("prefill_row", times.prefillRow())
          .put("prefill_position", times.prefillPosition());
    }
    ArrayNode rest = root.putArray("rest");
    for (RowTimes.Point point : machine.layers().rest().points()) {
      rest.addObject().put("rows", point.rows()).put("nanos", point.nanos());
    }
    return root.put("choose_row_nanos", machine.sampler().chooseNanos())
        .put("score_row_nanos", machine.sampler().scoreNanos())
        .put("memory_bytes_per_second", machine.memoryBytesPerSecond())
        .put("memory_working_set_bytes", machine.memoryWorkingSetBytes())
        .put("link_bytes_per_second", machine.linkBytesPerSecond())
        .put("load_bytes_per_second", machine.loadBytesPerSecond())
        .put("load_cores", machine.loadCores())
        .put("host_bytes_per_second", machine.hostBytesPerSecond())
        .put("storage_share", machine.storageShare())
        .put("probe_nanos", machine.probeNanos());
  }

  private static void put(ProductTimes times, ArrayNode points) {
    for (ProductTimes.Point point : times.points()) {
      points
          .addObject()
          .put("kind", point.product().kind().name())
          .put("outputs", point.product().shape().outputs())
          .put("inputs", point.product().shape().inputs())
          .put("rows", point.rows())
          .put("nanos", point.nanos())
          .put("flops", point.flops());
    }
  }

  private static ProductTimes productTimes(JsonNode points) {
    List<ProductTimes.Point> times = new ArrayList<>();
    for (JsonNode point : points) {
      MatrixShape shape =
          new MatrixShape(point.path("outputs").asInt(), point.path("inputs").asInt());
      Product product = new Product(Product.Kind.valueOf(point.path("kind").asText()), shape);
      times.add(
          new ProductTimes.Point(
              product,
              point.path("rows").asInt(),
              point.path("nanos").asDouble(),
              point.path("flops").asDouble()));
    }
    return new ProductTimes(times);
  }

  private static Machine machine(JsonNode root) {
    List<AttentionTimes> attention = new ArrayList<>();
    for (JsonNode times : root.path("attention")) {
      attention.add(
          new AttentionTimes(
              times.path("decode_row").asDouble(),
              times.path("decode_position").asDouble(),
              times.path("prefill_row").asDouble(),
              times.path("prefill_position").asDouble()));
    }
    List<RowTimes.Point> rest = new ArrayList<>();
    for (JsonNode point : root.path("rest")) {
      rest.add(new RowTimes.Point(point.path("rows").asInt(), point.path("nanos").asDouble()));
    }
    return new Machine(
        productTimes(root.path("products")),
        productTimes(root.path("streamed")),
        new LayerTimes(attention, new RowTimes(rest)),
        new SamplerTimes(
            root.path("choose_row_nanos").asDouble(), root.path("score_row_nanos").asDouble()),
        root.path("memory_bytes_per_second").asDouble(),
        root.path("memory_working_set_bytes").asLong(),
        root.path("link_bytes_per_second").asDouble(),
        0,
        root.path("load_bytes_per_second").asDouble(),
        root.path("load_cores").asDouble(),
        root.path("host_bytes_per_second").asDouble(),
        root.path("storage_share").asDouble(),
        root.path("probe_nanos").asLong());
  }
}
