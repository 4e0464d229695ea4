package dev.drey.runtime.predict;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/**
 * The weights of {@code learned.mlp}: one {@link MlpNetwork} for every layer that can be predicted,
 * for one model.
 *
 * <p>A file holds the text "DREYMLP\n", its version, then shape, model digest and sizes, then the
 * weights of one network after the other, then a CRC-32 of all before; big-endian.
 */
public final class MlpModel {
  private static final byte[] MAGIC = "DREYMLP\n".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final long MAX_FILE_BYTES = 1L << 30;

  private final PredictorShape shape;
  private final MlpSizes sizes;
  private final List<MlpNetwork> networks;

  private MlpModel(PredictorShape shape, MlpSizes sizes) {
    this.shape = shape;
    this.sizes = sizes;
    this.networks = new ArrayList<>();
    for (int place = sizes.lookahead(); place < shape.places(); place++) {
      networks.add(new MlpNetwork(shape.experts(), contextOf(sizes, place), sizes.hidden()));
    }
  }

  private static int contextOf(MlpSizes sizes, int place) {
    return Math.min(sizes.context(), place - sizes.lookahead() + 1);
  }

  /**
   * A model before its training.
   *
   * @param seed of the initial weights
   */
  public static MlpModel random(PredictorShape shape, MlpSizes sizes, long seed) {
    MlpModel model = new MlpModel(shape, sizes);
    Random random = new Random(seed);
    model.networks.forEach(network -> network.randomise(random));
    return model;
  }

  PredictorShape shape() {
    return shape;
  }

  /** Sizes of its networks. */
  public MlpSizes sizes() {
    return sizes;
  }

  /**
   * The network that predicts a layer.
   *
   * @param place the layer's place, from {@link MlpSizes#lookahead} on
   */
  public MlpNetwork network(int place) {
    return networks.get(place - sizes.lookahead());
  }

  // -- the file

  /** Its file. */
  public byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(MAGIC);
      out.writeInt(VERSION);
      out.writeUTF(describe(shape));
      out.writeInt(sizes.lookahead());
      out.writeInt(sizes.context());
      out.writeInt(sizes.hidden());
      for (MlpNetwork network : networks) {
        network.write(out);
      }
      out.writeInt(checksum(bytes.toByteArray(), bytes.size()));
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  private static String describe(PredictorShape shape) {
    return "model %s, layers %s of %d experts, %d per token"
        .formatted(shape.modelDigest(), shape.layers(), shape.experts(), shape.expertsPerToken());
  }

  /**
   * Reads a file that was trained for a model.
   *
   * @throws PredictorRefusedException if it cannot be read, is damaged, of another version, or was
   *     trained for another model; says what was expected and found
   */
  public static MlpModel read(Path file, PredictorShape shape) {
    try {
      return read(file, contentOf(file), shape);
    } catch (IOException e) {
      throw new PredictorRefusedException(
          "predictor file %s cannot be read: %s; make one with: drey train-predictor"
              .formatted(file, e),
          e);
    }
  }

  private static byte[] contentOf(Path file) throws IOException {
    long size = Files.size(file);
    if (size > MAX_FILE_BYTES) {
      throw new IOException("it has %d bytes, expected %d at most".formatted(size, MAX_FILE_BYTES));
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return in.readAllBytes();
    }
  }

  private static MlpModel read(Path file, byte[] content, PredictorShape shape) throws IOException {
    int length = content.length - Integer.BYTES;
    if (length < MAGIC.length
        || !ByteBuffer.wrap(content, 0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
      throw new PredictorRefusedException(
          "%s is no predictor file: it does not begin with DREYMLP".formatted(file));
    }
    int expected = ByteBuffer.wrap(content).getInt(length);
    int found = checksum(content, length);
    if (expected != found) {
      throw new PredictorRefusedException(
          "predictor file %s is damaged: expected checksum %08x, found %08x"
              .formatted(file, expected, found));
    }
    try (DataInputStream in =
        new DataInputStream(
            new ByteArrayInputStream(content, MAGIC.length, length - MAGIC.length))) {
      require(file, "version " + VERSION, "version " + in.readInt());
      require(file, describe(shape), in.readUTF());
      MlpSizes sizes = sizes(file, in.readInt(), in.readInt(), in.readInt());
      requireLength(file, weightBytes(shape, sizes), in.available());
      MlpModel model = new MlpModel(shape, sizes);
      for (MlpNetwork network : model.networks) {
        network.read(in);
      }
      return model;
    }
  }

  private static MlpSizes sizes(Path file, int lookahead, int context, int hidden) {
    try {
      return new MlpSizes(lookahead, context, hidden);
    } catch (IllegalArgumentException e) {
      throw new PredictorRefusedException(
          "predictor file %s cannot be used: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** Bytes of the weights of all networks, known before memory is allocated for them. */
  private static long weightBytes(PredictorShape shape, MlpSizes sizes) {
    long experts = shape.experts();
    long hidden = sizes.hidden();
    long weights = 0;
    for (int place = sizes.lookahead(); place < shape.places(); place++) {
      weights += (contextOf(sizes, place) * experts + 1) * hidden + (hidden + 1) * experts;
    }
    return weights * Float.BYTES;
  }

  private static void requireLength(Path file, long expected, long found) {
    if (found != expected) {
      throw new PredictorRefusedException(
          "predictor file %s does not fit its sizes: expected %d bytes of weights, found %d"
              .formatted(file, expected, found));
    }
  }

  private static void require(Path file, String expected, String found) {
    if (!found.equals(expected)) {
      throw new PredictorRefusedException(
          "predictor file %s does not fit: expected %s, found %s".formatted(file, expected, found));
    }
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32 sum = new CRC32();
    sum.update(bytes, 0, length);
    return (int) sum.getValue();
  }
}
