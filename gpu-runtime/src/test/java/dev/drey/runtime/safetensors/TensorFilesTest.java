package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorFilesTest {
  private static final String FIRST = "model-00001-of-00002.safetensors";
  private static final String SECOND = "model-00002-of-00002.safetensors";

  private final Path root;
  private final Path model;

  TensorFilesTest(@TempDir Path root) throws IOException {
    this.root = root;
    this.model = Files.createDirectory(root.resolve("model"));
    Fixtures.counting(model.resolve(FIRST), new TreeMap<>(Map.of("a", 4, "b", 8)));
    Fixtures.counting(model.resolve(SECOND), Map.of("c", 16));
    index(Map.of("a", FIRST, "b", FIRST, "c", SECOND));
  }

  @Test
  void opensEveryShardAndReadsEveryTensor() throws IOException {
    try (TensorFiles files = open()) {
      assertThat(files.regions()).containsOnlyKeys("a", "b", "c");
      assertThat(files.fileCount()).isEqualTo(2);
      assertThat(files.bytes())
          .isEqualTo(Files.size(model.resolve(FIRST)) + Files.size(model.resolve(SECOND)));
      assertThat(read(files, "b", 1, 2)).containsExactly(5, 6);
      assertThat(read(files, "c", 14, 2)).containsExactly(14, 15);
    }
  }

  @Test
  void opensASingleFileWithoutAnIndex() throws IOException {
    Files.delete(model.resolve(SafetensorsIndex.FILE));
    Files.delete(model.resolve(SECOND));
    Files.move(model.resolve(FIRST), model.resolve("model.safetensors"));
    try (TensorFiles files = open()) {
      assertThat(files.regions()).containsOnlyKeys("a", "b");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside.safetensors",
        "..",
        ".",
        "",
        "/etc/passwd",
        "sub/model.safetensors",
        "..\\\\outside.safetensors",
        "C:model.safetensors",
        "file:model.safetensors",
        "model\\u0000.safetensors",
        "model\\n.safetensors",
        ".hidden.safetensors",
        "\\ud800.safetensors"
      })
  void anIndexThatNamesAPathIsRefusedBeforeAnythingIsOpened(String name) throws IOException {
    Fixtures.counting(root.resolve("outside.safetensors"), Map.of("c", 16));
    Files.delete(model.resolve(FIRST));
    Files.writeString(
        model.resolve(SafetensorsIndex.FILE),
        "{\"weight_map\":{\"b\":\"" + FIRST + "\",\"c\":\"" + name + "\"}}");
    assertRefused("a plain file name inside the model's directory");
  }

  @Test
  void aLinkOutOfTheDirectoryIsRefusedAndOneInsideIsFollowed() throws IOException {
    Path outside = root.resolve("outside.safetensors");
    Files.move(model.resolve(SECOND), outside);
    Files.createSymbolicLink(model.resolve(SECOND), outside);
    assertRefused("a link to " + outside.toRealPath());

    Files.delete(model.resolve(SECOND));
    Files.move(outside, model.resolve("stored.safetensors"));
    Files.createSymbolicLink(model.resolve(SECOND), Path.of("stored.safetensors"));
    open().close();
  }

  @Test
  void aLinkToALinkOutOfTheDirectoryIsRefusedAndSoIsOneThatGoesInCircles() throws IOException {
    Path outside = root.resolve("outside.safetensors");
    Files.move(model.resolve(SECOND), outside);
    Files.createSymbolicLink(model.resolve("step.bin"), outside);
    Files.createSymbolicLink(model.resolve(SECOND), Path.of("step.bin"));
    assertRefused("a link to " + outside.toRealPath());

    Files.delete(model.resolve("step.bin"));
    Files.createSymbolicLink(model.resolve("step.bin"), Path.of(SECOND));
    assertRefused(SECOND + ": expected a file");
  }

  @Test
  void anIndexThatIsALinkOutOfTheDirectoryIsRefused() throws IOException {
    Path outside = root.resolve("index.json");
    Files.move(model.resolve(SafetensorsIndex.FILE), outside);
    Files.createSymbolicLink(model.resolve(SafetensorsIndex.FILE), outside);
    assertRefused(SafetensorsIndex.FILE + ": expected a file inside the model's directory");
  }

  @Test
  void aFolderOfBlobsThatIsItselfALinkOpensNoOtherFolder() throws IOException {
    Path snapshot = Files.createDirectories(root.resolve("forged/snapshots/0"));
    Files.createSymbolicLink(root.resolve("forged/blobs"), root);
    Path outside = Fixtures.counting(root.resolve("outside.safetensors"), Map.of("a", 4));
    Files.createSymbolicLink(snapshot.resolve("model.safetensors"), outside);
    assertThatThrownBy(() -> TensorFiles.open(ModelDirectory.open(snapshot)))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("a link to " + outside.toRealPath());
  }

  @Test
  void theLinksOfADownloadCacheAreFollowedIntoItsBlobsOnly() throws IOException {
    Path blobs = Files.createDirectories(root.resolve("cache/models--x/blobs"));
    Path snapshot = Files.createDirectories(root.resolve("cache/models--x/snapshots/0123abcd"));
    for (String name : new String[] {FIRST, SECOND, SafetensorsIndex.FILE}) {
      Files.move(model.resolve(name), blobs.resolve("sha-" + name));
      Files.createSymbolicLink(
          snapshot.resolve(name), Path.of("../../blobs").resolve("sha-" + name));
    }
    TensorFiles.open(ModelDirectory.open(snapshot)).close();

    Files.delete(snapshot.resolve(SECOND));
    Files.move(blobs.resolve("sha-" + SECOND), root.resolve(SECOND));
    Files.createSymbolicLink(snapshot.resolve(SECOND), root.resolve(SECOND));
    assertThatThrownBy(() -> TensorFiles.open(ModelDirectory.open(snapshot)))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("a link to");
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    Files.delete(model.resolve(SECOND));
    assertRefused(model.resolve(SECOND) + ": expected a file, found none");
  }

  @Test
  void aDirectoryInPlaceOfAShardIsRefused() throws IOException {
    Files.delete(model.resolve(SECOND));
    Files.createDirectory(model.resolve(SECOND));
    assertRefused("expected a regular file");
  }

  @Test
  void aShardThatTheIndexDoesNotListIsRefusedAndOtherFilesAreIgnored() throws IOException {
    Fixtures.counting(model.resolve("consolidated.safetensors"), Map.of("z", 1));
    open().close();
    Fixtures.counting(model.resolve("model-00003-of-00003.safetensors"), Map.of("z", 1));
    assertRefused("model-00003-of-00003.safetensors: expected only files that");
  }

  @Test
  void aTensorInAnotherShardThanTheIndexSaysIsRefused() throws IOException {
    index(Map.of("a", FIRST, "b", SECOND, "c", SECOND));
    assertRefused("tensor 'b': expected it in '" + SECOND + "', found it in this file");
  }

  @Test
  void aTensorThatTheIndexDoesNotListIsRefused() throws IOException {
    index(Map.of("a", FIRST, "c", SECOND));
    assertRefused("tensor 'b': expected no tensor that the index does not list");
  }

  @Test
  void aTensorThatOnlyTheIndexListsIsRefused() throws IOException {
    index(Map.of("a", FIRST, "b", FIRST, "c", SECOND, "d", SECOND));
    assertRefused("tensor 'd': expected it in '" + SECOND + "', found no such tensor");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"weight_map\":{}}",
        "{\"weight_map\":[]}",
        "{\"weight_map\":{\"a\":1}}",
        "{\"weight_map\":{\"a\":\"x.safetensors\"}} x",
        "{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"y.safetensors\"}}",
        "{\"weight_map\":{\"a\":\"x.safetensors\"},\"weight_map\":{}}"
      })
  void aDamagedIndexIsRefused(String content) throws IOException {
    Files.writeString(model.resolve(SafetensorsIndex.FILE), content);
    assertRefused(SafetensorsIndex.FILE);
  }

  @Test
  void aHugeIndexIsRefusedWithoutReadingAllOfIt() throws IOException {
    Files.writeString(model.resolve(SafetensorsIndex.FILE), " ".repeat((32 << 20) + 1));
    assertRefused("at most 33554432 bytes");
  }

  @Test
  void anIndexOfMoreTensorsFilesOrOtherKeysThanAnyModelHasIsRefused() throws IOException {
    Path index = model.resolve(SafetensorsIndex.FILE);
    Files.writeString(index, object("{\"weight_map\":", 500_001, "\"%d\":\"a\""));
    assertRefused("key 'weight_map': expected at most 500000 tensors, found more");
    Files.writeString(index, object("{\"weight_map\":", 10_001, "\"%1$d\":\"f%1$d\""));
    assertRefused("key 'weight_map': expected at most 10000 files, found more");
    Files.writeString(index, object("{\"metadata\":", (1 << 20) + 1, "\"%d\":0"));
    assertRefused("More than 1048576 names in one object");
  }

  private static String object(String before, int entries, String entry) {
    return IntStream.range(0, entries)
        .mapToObj(entry::formatted)
        .collect(Collectors.joining(",", before + "{", "}}"));
  }

  @Test
  void aDirectoryWithoutWeightsOrNoDirectoryIsRefused() throws IOException {
    Path empty = Files.createDirectory(root.resolve("empty"));
    Files.createFile(empty.resolve("pytorch_model.bin"));
    assertThatThrownBy(() -> TensorFiles.open(ModelDirectory.open(empty)))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("expected model.safetensors or")
        .hasMessageContaining("neither");
    assertThatThrownBy(() -> ModelDirectory.open(root.resolve("none")))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("nothing there");
  }

  @Test
  void openingThatFailsLeavesNoFileOpen() throws IOException {
    byte[] damaged = Files.readAllBytes(model.resolve(SECOND));
    damaged[8] = 0;
    Files.write(model.resolve(SECOND), damaged);
    assertRefused("header");
    assertThat(openFilesUnder(model)).isZero();
    try (TensorFiles files = sound()) {
      assertThat(openFilesUnder(model)).isEqualTo(files.fileCount());
    }
    assertThat(openFilesUnder(model)).isZero();
  }

  private TensorFiles sound() throws IOException {
    Fixtures.counting(model.resolve(SECOND), Map.of("c", 16));
    return open();
  }

  private static long openFilesUnder(Path path) throws IOException {
    Path real = path.toRealPath();
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.filter(fd -> target(fd).startsWith(real)).count();
    }
  }

  private static Path target(Path link) {
    try {
      return Files.readSymbolicLink(link);
    } catch (IOException e) {
      return Path.of("");
    }
  }

  private TensorFiles open() {
    return TensorFiles.open(ModelDirectory.open(model));
  }

  private void assertRefused(String expected) {
    assertThatThrownBy(this::open)
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining(expected);
  }

  private void index(Map<String, String> shardOfTensor) throws IOException {
    StringBuilder json = new StringBuilder("{\"metadata\":{\"total_size\":28},\"weight_map\":{");
    new TreeMap<>(shardOfTensor)
        .forEach(
            (tensor, shard) ->
                json.append(json.charAt(json.length() - 1) == '{' ? "" : ",")
                    .append("\"%s\":\"%s\"".formatted(tensor, shard)));
    Files.writeString(model.resolve(SafetensorsIndex.FILE), json.append("}}"));
  }

  private static byte[] read(TensorFiles files, String tensor, long offset, int count)
      throws IOException {
    TensorRegion region = Objects.requireNonNull(files.regions().get(tensor));
    ByteBuffer dst = ByteBuffer.allocate(count);
    files.read(region, offset, dst);
    return dst.array();
  }
}
