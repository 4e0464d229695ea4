package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.SoftAssertions.assertSoftly;

import dev.drey.runtime.safetensors.Fixtures;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every bomb that a model's directory can hold is refused within five seconds and 256 MiB of heap:
 * by a process that has no more.
 */
class RefusalLimitsTest {
  private static final String CONFIG = "config.json";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String SHARD = "model-00001-of-00002.safetensors";
  private static final int CONFIG_BYTES = 4 << 20;
  private static final int INDEX_BYTES = 32 << 20;
  private static final int HEADER_BYTES = 16 << 20;
  private static final long TERABYTE = 1L << 40;

  private final Path root;
  private final Map<String, String> refusals = new LinkedHashMap<>();

  RefusalLimitsTest(@TempDir Path root) {
    this.root = root;
  }

  @Test
  void everyBombIsRefusedWithinFiveSecondsAndAQuarterOfAGibibyteOfHeap() throws Exception {
    writeHeaders();
    writeIndexes();
    writeConfigurations();
    writeSparseFiles();
    List<String[]> verdicts = probe();
    assertThat(verdicts).extracting(line -> line[0]).containsExactlyElementsOf(refusals.keySet());
    assertSoftly(softly -> verdicts.forEach(line -> check(softly, line)));
  }

  private void check(SoftAssertions softly, String[] line) {
    softly.assertThat(line[2]).as(String.join(" ", line)).isEqualTo("refused");
    softly
        .assertThat(line[3])
        .contains(root.resolve(line[0]).toString(), refusals.get(line[0]))
        .hasSizeLessThan(2000);
    softly.assertThat(Long.parseLong(line[1])).as("%s: milliseconds", line[0]).isLessThan(5000);
  }

  private void writeHeaders() throws IOException {
    header("metadata", "{\"__metadata__\":{", list("\"", "\":\"\""), "}}", "at most 10000 texts");
    header("tensors", "{", tensors(""), "}", "at most 200000 tensors");
    header("wide names", "{", tensors("\u0436"), "}", "at most 200000 tensors");
    header(
        "strangers", "{", tensors("0".repeat(80)), "}", "no tensor that the index does not list");
    header("other keys", "{\"a\":{", list("\"", "\":0"), "}}", "dtype, shape and data_offsets");
    header("type", "{\"a\":{\"dtype\":\"", i -> "y".repeat(1 << 20), "\"}}", "found dtype 'yyyy");
    header("depth", "{\"a\":", i -> "[".repeat(1 << 20), "}", "expected an object");
    header("spaces", "{", i -> " ".repeat(1 << 20), "}", "no such tensor in that file");
    claim("claims all", TERABYTE - Long.BYTES, "2 to 100000000 bytes");
    claim("claims the format's most", 100_000_000, "at most 16777216 bytes");
    claim("claims the most that is read", HEADER_BYTES, "starts with '{'");
  }

  private void writeIndexes() throws IOException {
    index("map", "{\"weight_map\":{", list("\"", "\":\"a\""), "}}", "at most 500000 tensors");
    index(
        "files",
        "{\"weight_map\":{",
        i -> (i == 0 ? "" : ",") + "\"" + i + "\":\"" + i + "\"",
        "}}",
        "at most 10000 files");
    index("keys", "{\"metadata\":{", list("\"", "\":0"), "}}", "More than 1048576 names");
    index("objects", "{\"metadata\":[", list("{\"a", "\":{}}"), "]}", "at least one tensor");
    index("depth", "{\"a\":", i -> "[".repeat(1 << 20), "}", "nesting depth");
    index("name", "{\"", i -> "n".repeat(1 << 20), "\":0}", "exceeds the maximum");
    index("wide text", "{\"a\":\"", i -> "\u0436".repeat(1 << 19), "\"}", "at least one tensor");
  }

  private void writeConfigurations() throws IOException {
    config("keys", "{", list("\"", "\":0"), "}", "key 'model_type'");
    config("objects", "{\"model_type\":[", list("{\"", "\":0}"), "]}", "expected a text");
    config("nests", "{\"model_type\":[", list("{\"", "\":{\"\":0}}"), "]}", "expected a text");
    config("numbers", "{\"model_type\":[", i -> i == 0 ? "1.5" : ",1.5", "]}", "expected a text");
    config("digits", "{\"vocab_size\":", i -> "9".repeat(1 << 20), "}", "invalid JSON");
    config("depth", "{\"a\":", i -> "[".repeat(1 << 20), "}", "nesting depth");
  }

  private void writeSparseFiles() throws IOException {
    for (String name : List.of(CONFIG, "generation_config.json", INDEX, "tokenizer.json")) {
      Fixtures.sparse(model("terabyte of " + name, "expected at most").resolve(name), TERABYTE);
    }
    Fixtures.sparse(model("terabyte of weights", "header length").resolve(SHARD), TERABYTE);
  }

  /** A copy of the golden model of which such a refusal is expected. */
  private Path model(String name, String refusal) {
    refusals.put(name, refusal);
    return Fixtures.copy(Fixtures.golden("qwen3_moe"), root.resolve(name));
  }

  private void config(
      String name, String start, IntFunction<String> elements, String end, String refusal)
      throws IOException {
    Path file = model("config: " + name, refusal).resolve(CONFIG);
    write(file, 0, CONFIG_BYTES, start, elements, end);
  }

  private void index(
      String name, String start, IntFunction<String> elements, String end, String refusal)
      throws IOException {
    Path file = model("index: " + name, refusal).resolve(INDEX);
    write(file, 0, INDEX_BYTES, start, elements, end);
  }

  private void header(
      String name, String start, IntFunction<String> elements, String end, String refusal)
      throws IOException {
    Path file = model("header: " + name, refusal).resolve(SHARD);
    write(file, Long.BYTES, HEADER_BYTES, start, elements, end);
    writeHeaderLength(file, Files.size(file) - Long.BYTES);
  }

  /** A file of a terabyte without content that claims to have such a header. */
  private void claim(String name, long headerBytes, String refusal) throws IOException {
    Path file = model("header " + name, refusal).resolve(SHARD);
    writeHeaderLength(Fixtures.sparse(file, TERABYTE), headerBytes);
  }

  private static void writeHeaderLength(Path file, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      channel.write(length.putLong(0, bytes), 0);
    }
  }

  /** Writes so many zeros, then a text of at most so many bytes with as many elements as fit. */
  private static void write(
      Path file, int zeros, int bytes, String start, IntFunction<String> elements, String end)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      out.write(new byte[zeros]);
      out.write(start.getBytes(StandardCharsets.UTF_8));
      int room = bytes - start.length() - end.length();
      byte[] element = elements.apply(0).getBytes(StandardCharsets.UTF_8);
      for (int i = 1; element.length <= room; i++) {
        out.write(element);
        room -= element.length;
        element = elements.apply(i).getBytes(StandardCharsets.UTF_8);
      }
      out.write(end.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Elements with commas between them, each with its number in the middle. */
  private static IntFunction<String> list(String before, String after) {
    return i -> (i == 0 ? "" : ",") + before + Integer.toHexString(i) + after;
  }

  private static IntFunction<String> tensors(String prefix) {
    return list("\"" + prefix, "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
  }

  /** Opens every model in a process with little memory: name, milliseconds, verdict, message. */
  private List<String[]> probe() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:+ExitOnOutOfMemoryError"));
    command.add(RefusalProbe.class.getName());
    refusals.keySet().forEach(name -> command.add(root.resolve(name).toString()));
    Path output = root.resolve("output.txt");
    ProcessBuilder java = new ProcessBuilder(command).redirectErrorStream(true);
    java.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    int code = java.redirectOutput(output.toFile()).start().waitFor();
    List<String> lines = Files.readAllLines(output);
    assertThat(code).as(() -> String.join("\n", lines)).isZero();
    return lines.stream().map(line -> line.split("\t", 4)).toList();
  }
}
