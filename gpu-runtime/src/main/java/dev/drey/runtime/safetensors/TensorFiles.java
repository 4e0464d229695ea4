package dev.drey.runtime.safetensors;

import static dev.drey.runtime.safetensors.ModelFileException.quote;
import static dev.drey.runtime.safetensors.ModelFileException.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All tensors of a model's directory: one {@code model.safetensors}, or the shards of an index.
 *
 * <p><b>Ownership.</b> Opens every file once and owns it until closed.
 *
 * <p><b>Threading.</b> Reads may run at once, from any threads. Whoever closes sees to it that
 * nobody reads any more; a late reader gets an {@link IOException}.
 *
 * <p><b>Failure.</b> Opening checks every file and that index and files agree tensor by tensor; a
 * failure closes what was opened. Reading fails as in {@link SafetensorsFile}.
 */
public final class TensorFiles implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";

  private final @Nullable SafetensorsIndex index;
  private final Map<String, SafetensorsFile> files = new TreeMap<>();
  private final Map<Path, SafetensorsFile> fileByPath = new LinkedHashMap<>();
  private final Map<String, TensorRegion> regions = new LinkedHashMap<>();

  private TensorFiles(@Nullable SafetensorsIndex index) {
    this.index = index;
  }

  /**
   * Opens every weight file of a directory.
   *
   * @throws ModelFileException if one is missing, damaged, outside the directory, or disagrees with
   *     the index
   */
  public static TensorFiles open(ModelDirectory directory) {
    boolean sharded = directory.has(SafetensorsIndex.FILE);
    if (!sharded && !directory.has(SINGLE)) {
      throw ModelFileException.of(
          directory.path(),
          null,
          SINGLE + " or " + SafetensorsIndex.FILE,
          "neither",
          "Fetch the weights in the safetensors format; other formats are not read.");
    }
    SafetensorsIndex index = sharded ? SafetensorsIndex.read(directory) : null;
    TensorFiles opened = new TensorFiles(index);
    return OnFailure.close(
        opened,
        () -> {
          opened.openAll(directory);
          return opened;
        });
  }

  private void openAll(ModelDirectory directory) {
    Collection<String> names = index == null ? List.of(SINGLE) : index.shards();
    names.forEach(directory::requirePlain);
    List<Path> paths = names.stream().map(directory::file).toList();
    if (index != null) {
      refuseUnlistedShards(directory, names);
    }
    for (Path path : paths) {
      SafetensorsFile file = SafetensorsFile.open(path);
      files.put(path.getFileName().toString(), file);
      fileByPath.put(path, file);
      for (TensorRegion region : file.regions()) {
        add(region);
      }
    }
    if (index != null) {
      refuseMissing(index);
    }
  }

  private void refuseUnlistedShards(ModelDirectory directory, Collection<String> listed) {
    try (Stream<Path> entries = Files.list(directory.path())) {
      entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> SafetensorsIndex.isShardName(name) && !listed.contains(name))
          .sorted()
          .findFirst()
          .ifPresent(
              name -> {
                throw ModelFileException.of(
                    directory.path().resolve(name),
                    null,
                    "only files that " + SafetensorsIndex.FILE + " lists",
                    "a weight file it does not list",
                    "Files of two models seem mixed; fetch the model into an empty directory.");
              });
    } catch (IOException e) {
      throw ModelFileException.unreadable(
          directory.path(), null, "a readable directory", e.toString(), "Check the disk.", e);
    }
  }

  private void add(TensorRegion region) {
    String inFile = region.file().getFileName().toString();
    String inIndex = index == null ? inFile : index.shardOfTensor().get(region.name());
    if (!inFile.equals(inIndex)) {
      throw ModelFileException.of(
          region.file(),
          tensor(region.name()),
          inIndex == null ? "no tensor that the index does not list" : "it in " + quote(inIndex),
          "it in this file",
          "Index and weight files do not belong together; fetch the model again.");
    }
    regions.put(region.name(), region);
  }

  private void refuseMissing(SafetensorsIndex expected) {
    for (Map.Entry<String, String> entry : expected.shardOfTensor().entrySet()) {
      if (!regions.containsKey(entry.getKey())) {
        throw ModelFileException.of(
            expected.file(),
            tensor(entry.getKey()),
            "it in " + quote(entry.getValue()),
            "no such tensor in that file",
            "Index and weight files do not belong together; fetch the model again.");
      }
    }
  }

  /** Every tensor by its name, in the order of files and of places in them. */
  public Map<String, TensorRegion> regions() {
    return Collections.unmodifiableMap(regions);
  }

  /** Names of the weight files and of the index, if there is one. */
  public Set<String> names() {
    Set<String> names = new TreeSet<>(files.keySet());
    if (index != null) {
      names.add(SafetensorsIndex.FILE);
    }
    return names;
  }

  /** Number of weight files. */
  public int fileCount() {
    return files.size();
  }

  /** Size of all weight files together, in bytes. */
  public long bytes() {
    return files.values().stream().mapToLong(SafetensorsFile::bytes).sum();
  }

  /** Adds what identifies the files, short of the weights: index, sizes, headers. */
  public void addTo(Sha256 digest) {
    if (index != null) {
      digest.add(SafetensorsIndex.FILE, index.content());
    }
    files.forEach(
        (name, file) -> digest.add(name, file.bytes()).add("header", file.headerDigest()));
  }

  /**
   * Reads exactly the bytes that {@code dst} has room for.
   *
   * @param region one of {@link #regions()}
   * @param offset from the start of the region, in bytes
   * @throws IOException if reading fails and may succeed later, or if the thread is interrupted
   * @throws ModelFileException if a file has changed since it was opened
   */
  public void read(TensorRegion region, long offset, ByteBuffer dst) throws IOException {
    SafetensorsFile file = fileByPath.get(region.file());
    if (file == null) {
      throw new IllegalArgumentException(
          "tensor '" + region.name() + "' is of another model: " + region.file());
    }
    file.read(region, offset, dst);
  }

  /** Closes every file. Closing twice is harmless. */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (SafetensorsFile file : files.values()) {
      try {
        file.close();
      } catch (RuntimeException e) {
        if (failure != null) {
          e.addSuppressed(failure);
        }
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
