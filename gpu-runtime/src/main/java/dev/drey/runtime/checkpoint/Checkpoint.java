package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.safetensors.Checksums;
import dev.drey.runtime.safetensors.ModelDirectory;
import dev.drey.runtime.safetensors.OnFailure;
import dev.drey.runtime.safetensors.Sha256;
import dev.drey.runtime.safetensors.TensorFiles;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model in the Hugging Face layout, open for reading.
 *
 * <p><b>Ownership.</b> Owns the open weight files until closed; holds no weights.
 *
 * <p><b>Threading.</b> Everything is immutable; reads may run at once, from any threads. Whoever
 * closes sees to it that nobody reads any more; a late reader gets an {@link IOException}.
 *
 * <p><b>Failure.</b> {@link #open} finds every weight that the model needs and checks its place,
 * type and shape, so that nothing but reading can fail later. Everything wrong with the files is a
 * {@link dev.drey.runtime.safetensors.ModelFileException}.
 */
public final class Checkpoint implements AutoCloseable {
  private static final String TOKENIZER = "tokenizer.json";
  private static final List<String> DESCRIPTIONS =
      List.of("config.json", "generation_config.json", TOKENIZER);
  private static final int MAX_TOKENIZER_BYTES = 64 << 20;

  private final ModelDirectory directory;
  private final ModelDescription model;
  private final TensorFiles files;
  private final ModelWeights weights;
  private final String digest;

  private Checkpoint(
      ModelDirectory directory,
      ModelDescription model,
      TensorFiles files,
      ModelWeights weights,
      String digest) {
    this.directory = directory;
    this.model = model;
    this.files = files;
    this.weights = weights;
    this.digest = digest;
  }

  /**
   * Opens a model's directory.
   *
   * @throws dev.drey.runtime.safetensors.ModelFileException if a file is missing, damaged, outside
   *     the directory, or of a kind that is not supported
   */
  public static Checkpoint open(Path path) {
    return open(path, ModelChecks.NONE);
  }

  /**
   * As {@link #open(Path)}, with further checks, which make opening or reading refuse more.
   *
   * @throws dev.drey.runtime.safetensors.ModelFileException also if a checksum differs
   */
  public static Checkpoint open(Path path, ModelChecks checks) {
    ModelDirectory directory = ModelDirectory.open(path);
    Sha256 digest = new Sha256();
    ModelDescription model = ModelDescription.read(directory, digest);
    TensorFiles files = TensorFiles.open(directory);
    return OnFailure.close(
        files,
        () -> {
          ModelWeights weights = ModelWeights.find(path, model, files, checks.finite());
          files.addTo(digest);
          if (directory.has(TOKENIZER)) {
            digest.add(TOKENIZER, directory.file(TOKENIZER, MAX_TOKENIZER_BYTES));
          }
          if (checks.checksums()) {
            Set<String> needed = new TreeSet<>(files.names());
            DESCRIPTIONS.stream().filter(directory::has).forEach(needed::add);
            Checksums.verify(directory, needed);
          }
          return new Checkpoint(directory, model, files, weights, digest.hex());
        });
  }

  /** The network. */
  public ModelConfig config() {
    return model.config();
  }

  /** How the model's authors want it to generate. */
  public GenerationDefaults generationDefaults() {
    return model.generation();
  }

  /**
   * What results depend on, short of the weights' values: SHA-256 over configuration, tokenizer,
   * index, and the sizes and headers of the weight files, as 64 hexadecimal digits. Independent of
   * where the directory is.
   */
  public String digest() {
    return digest;
  }

  /** The directory as it was given. */
  public Path directory() {
    return directory.path();
  }

  /** Sizes by purpose. */
  public CheckpointSummary summary() {
    return weights.summary();
  }

  /** Every tensor of the weight files, in the order of files and of places in them. */
  public List<TensorRegion> tensors() {
    return List.copyOf(files.regions().values());
  }

  /** A weight outside of the decoder layers; the output projection may be the embedding. */
  public StoredMatrix global(Weight weight) {
    return weights.global(weight);
  }

  /** A weight of a layer, from 0; matrices per head lie one below the other. */
  public StoredMatrix layer(int layer, Weight weight) {
    return weights.layer(layer, weight);
  }

  /** An always-resident feed-forward network of a layer. */
  public ExpertTensors network(int layer, Network network) {
    return weights.network(layer, network);
  }

  /**
   * The weights of a routed expert.
   *
   * @throws IndexOutOfBoundsException if the model has no such expert
   */
  public ExpertTensors expert(ExpertId id) {
    return weights.expert(id);
  }

  /**
   * Reads every weight once, for the checks of what is read that were asked for; without such
   * checks it reads nothing.
   *
   * @throws IOException if a file cannot be read
   * @throws dev.drey.runtime.safetensors.ModelFileException if a check fails, or a file has changed
   *     since it was opened
   */
  public void readChecked() throws IOException {
    weights.readChecked();
  }

  /** Closes the files. Closing twice is harmless. */
  @Override
  public void close() {
    files.close();
  }
}
