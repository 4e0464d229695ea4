package dev.drey.runtime.checkpoint;

import static dev.drey.runtime.safetensors.ModelFileException.tensor;

import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.model.WeightClass;
import dev.drey.runtime.model.WeightShape;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorFiles;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The weights that a model needs, each found in its files with a type and shape that fit. */
final class ModelWeights {
  private static final String MISMATCH =
      "config.json and weights do not belong together, or the architecture differs; fetch the model"
          + " again.";
  private static final Set<DType> NUMBER_BY_NUMBER = EnumSet.of(DType.BF16, DType.F16, DType.F32);

  private final Path directory;
  private final ModelDescription model;
  private final ModelConfig config;
  private final TensorFiles files;
  private final CanonicalNames names;
  private final boolean finite;
  private final List<FiniteNumbers> checked = new ArrayList<>();
  private final Map<String, StoredNumbers> used = new HashMap<>();
  private final Map<WeightClass, Long> bytes = new EnumMap<>(WeightClass.class);
  private final Set<DType> rounded = EnumSet.noneOf(DType.class);
  private final Map<Weight, StoredMatrix> globals = new EnumMap<>(Weight.class);
  private final List<Map<Weight, StoredMatrix>> layers = new ArrayList<>();
  private final List<Map<Network, ExpertTensors>> networks = new ArrayList<>();
  private final List<List<ExpertTensors>> experts = new ArrayList<>();

  private ModelWeights(Path directory, ModelDescription model, TensorFiles files, boolean finite) {
    this.directory = directory;
    this.model = model;
    this.config = model.config();
    this.files = files;
    this.finite = finite;
    this.names = new CanonicalNames(files.regions());
  }

  /**
   * Finds and checks every weight. Stops at the first that does not fit, without naming those
   * behind it: a damaged {@code config.json} may ask for billions.
   *
   * @param finite whether reading refuses numbers that are not
   * @throws ModelFileException if one is missing, has another type or shape, or if there are
   *     tensors that the architecture does not know
   */
  static ModelWeights find(
      Path directory, ModelDescription model, TensorFiles files, boolean finite) {
    ModelWeights weights = new ModelWeights(directory, model, files, finite);
    weights.findAll();
    weights.refuseUnknown();
    return weights;
  }

  private void findAll() {
    for (WeightShape weight : config.globalWeights()) {
      boolean tied = weight.weight() == Weight.OUTPUT && config.tiedEmbeddings();
      WeightShape source =
          tied
              ? WeightShape.matrix(Weight.EMBEDDING, config.vocabulary(), config.hidden())
              : weight;
      globals.put(weight.weight(), find(model.names().global(source), source));
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      Map<Weight, StoredMatrix> ofLayer = new EnumMap<>(Weight.class);
      for (WeightShape weight : config.weights(layer)) {
        ofLayer.put(weight.weight(), find(model.names().layer(layer, weight), weight));
      }
      layers.add(ofLayer);
      Map<Network, ExpertTensors> ofNetworks = new EnumMap<>(Network.class);
      for (Network network : config.networks(layer)) {
        ofNetworks.put(network, network(layer, network, 0));
      }
      networks.add(ofNetworks);
      List<ExpertTensors> ofExperts = new ArrayList<>();
      for (int expert = 0; config.isMoe(layer) && expert < config.moe().experts(); expert++) {
        ofExperts.add(network(layer, Network.EXPERT, expert));
      }
      experts.add(List.copyOf(ofExperts));
    }
  }

  private StoredMatrix find(StoredAs stored, WeightShape weight) {
    boolean floats = weight.form() == WeightShape.Form.FLOATS;
    return new StoredMatrix(
        numbers(stored, weight.weight().weightClass(), floats),
        stored.placement(),
        new MatrixShape(Math.multiplyExact(weight.count(), weight.outputs()), weight.inputs()));
  }

  private ExpertTensors network(int layer, Network network, int expert) {
    return new ExpertTensors(
        part(layer, network, expert, NetworkPart.GATE),
        part(layer, network, expert, NetworkPart.UP),
        part(layer, network, expert, NetworkPart.DOWN));
  }

  private StoredMatrix part(int layer, Network network, int expert, NetworkPart part) {
    StoredAs stored = model.names().network(layer, network, expert, part);
    return new StoredMatrix(
        numbers(stored, network.weightClass(), false),
        stored.placement(),
        config.networkShape(network).part(part));
  }

  private StoredNumbers numbers(StoredAs stored, WeightClass weightClass, boolean floats) {
    StoredNumbers known = used.get(stored.tensor());
    if (known != null) {
      return known;
    }
    StoredNumbers found = open(stored, weightClass, floats);
    if (finite) {
      FiniteNumbers guard = new FiniteNumbers(found, stored.shape(), floats);
      checked.add(guard);
      found = guard;
    }
    used.put(stored.tensor(), found);
    bytes.merge(weightClass, found.storedBytes(), Long::sum);
    if (!floats && !found.isExact()) {
      rounded.add(found.region().type());
    }
    return found;
  }

  private StoredNumbers open(StoredAs stored, WeightClass weightClass, boolean floats) {
    TensorRegion region = names.byName().get(stored.tensor());
    if (region == null && model.quantisation().isMxfp4() && weightClass == WeightClass.EXPERT) {
      return openMxfp4(stored);
    }
    Set<DType> types = EnumSet.copyOf(NUMBER_BY_NUMBER);
    if (model.quantisation().isFp8() && !floats && stored.shape().length == 2) {
      types.add(DType.F8_E4M3);
    }
    TensorRegion fitting = check(stored.tensor(), region, types, stored.shape());
    return fitting.type() == DType.F8_E4M3
        ? openFp8(stored, fitting)
        : new PlainNumbers(files, fitting);
  }

  private StoredNumbers openFp8(StoredAs stored, TensorRegion region) {
    int rows = model.quantisation().blockRows();
    int columns = model.quantisation().blockColumns();
    String name = stored.tensor() + "_scale_inv";
    long[] shape = {
      (stored.shape()[0] + rows - 1) / rows, (stored.shape()[1] + columns - 1) / columns
    };
    TensorRegion scales = check(name, names.byName().get(name), EnumSet.of(DType.F32), shape);
    Fp8Numbers numbers = new Fp8Numbers(files, region, scales, rows, columns);
    used.put(name, numbers);
    return numbers;
  }

  private StoredNumbers openMxfp4(StoredAs stored) {
    int dimensions = stored.shape().length;
    long[] scaleShape = stored.shape().clone();
    if (scaleShape[dimensions - 1] % Mxfp4Numbers.BLOCK != 0) {
      throw ModelFileException.of(
          directory,
          tensor(stored.tensor()),
          "rows of a multiple of " + Mxfp4Numbers.BLOCK + " numbers",
          "rows of " + scaleShape[dimensions - 1],
          MISMATCH);
    }
    scaleShape[dimensions - 1] /= Mxfp4Numbers.BLOCK;
    long[] blockShape = Arrays.copyOf(scaleShape, dimensions + 1);
    blockShape[dimensions] = Mxfp4Numbers.BLOCK / 2;
    String blockName = stored.tensor() + "_blocks";
    String scaleName = stored.tensor() + "_scales";
    Set<DType> bytesOnly = EnumSet.of(DType.U8);
    TensorRegion blocks = check(blockName, names.byName().get(blockName), bytesOnly, blockShape);
    TensorRegion scales = check(scaleName, names.byName().get(scaleName), bytesOnly, scaleShape);
    Mxfp4Numbers numbers = new Mxfp4Numbers(files, blocks, scales);
    used.put(blockName, numbers);
    used.put(scaleName, numbers);
    return numbers;
  }

  private TensorRegion check(
      String name, @Nullable TensorRegion region, Set<DType> types, long[] shape) {
    String expected =
        types.stream().map(DType::name).collect(Collectors.joining(" or "))
            + " "
            + Arrays.toString(shape);
    if (region == null) {
      throw ModelFileException.of(directory, tensor(name), expected, "no such tensor", MISMATCH);
    }
    boolean shapeFits = Arrays.equals(shape, region.shape());
    if (!shapeFits || !types.contains(region.type())) {
      throw ModelFileException.of(
          region.file(),
          tensor(region.name()),
          expected,
          region.describe(),
          shapeFits ? "This element type is not supported; convert the checkpoint." : MISMATCH);
    }
    return region;
  }

  private void refuseUnknown() {
    for (Map.Entry<String, TensorRegion> entry : names.byName().entrySet()) {
      String name = entry.getKey();
      if (!used.containsKey(name) && !names.isOutside(name) && !model.names().isSuperfluous(name)) {
        TensorRegion region = entry.getValue();
        throw ModelFileException.of(
            region.file(),
            tensor(region.name()),
            "only tensors that a " + config.architecture() + " model of this config.json has",
            "one it does not have, " + region.describe(),
            MISMATCH);
      }
    }
  }

  /** Reads all numbers that are checked as they are read. */
  void readChecked() throws IOException {
    for (FiniteNumbers numbers : checked) {
      numbers.readAll();
    }
  }

  StoredMatrix global(Weight weight) {
    return Objects.requireNonNull(globals.get(weight), weight::name);
  }

  StoredMatrix layer(int layer, Weight weight) {
    return Objects.requireNonNull(layers.get(layer).get(weight), weight::name);
  }

  ExpertTensors network(int layer, Network network) {
    return Objects.requireNonNull(networks.get(layer).get(network), network::name);
  }

  ExpertTensors expert(ExpertId id) {
    List<ExpertTensors> ofLayer = experts.get(id.layer());
    if (id.index() < 0 || id.index() >= ofLayer.size()) {
      throw new IndexOutOfBoundsException(
          "no expert %s: the layer has %d experts".formatted(id, ofLayer.size()));
    }
    return ofLayer.get(id.index());
  }

  CheckpointSummary summary() {
    return new CheckpointSummary(
        config.architecture(),
        files.fileCount(),
        files.regions().size(),
        bytes,
        rounded,
        config.layers(),
        config.moeLayers(),
        config.moe().experts(),
        bytes.getOrDefault(WeightClass.EXPERT, 0L) / config.totalExperts());
  }
}
