package dev.drey.jobs.cli;

import dev.drey.jobs.files.AtomicFile;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.runtime.predict.MlpSizes;
import dev.drey.runtime.simulate.PredictorTraining;
import dev.drey.runtime.simulate.RoutingTrace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains the learned predictor from traces. */
@Command(
    name = "train-predictor",
    description = {
      "Trains the predictor learned.mlp from traces of a model. Use the file with:"
          + " drey generate --predictor learned.mlp --predictor-file FILE",
      "Record a trace with: drey generate --trace FILE"
    })
final class TrainPredictorCommand implements CliCommand {
  private static final String DEFAULT = "; default ${DEFAULT-VALUE}.";

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      required = true,
      split = ",",
      description = "Traces of one model.")
  List<Path> traces = List.of();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "The trained predictor.")
  Path out = Path.of("");

  @Option(
      names = "--lookahead",
      paramLabel = "N",
      description = "Layers with experts to look ahead" + DEFAULT)
  int lookahead = MlpSizes.DEFAULT.lookahead();

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Layers whose routing is read" + DEFAULT)
  int context = MlpSizes.DEFAULT.context();

  @Option(names = "--hidden", paramLabel = "N", description = "Hidden units" + DEFAULT)
  int hidden = MlpSizes.DEFAULT.hidden();

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "How often every step is learnt from" + DEFAULT)
  int epochs = 4;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The same seed and traces give the same file" + DEFAULT)
  long seed = 1;

  @Override
  public Set<Section> sections() {
    return EnumSet.noneOf(Section.class);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    invocation.refuseSettings("train-predictor");
    if (epochs < 1) {
      throw new RefusedException("--epochs: expected at least 1, found " + epochs);
    }
    PredictorTraining.Result result = train(invocation);
    byte[] bytes = result.model().toBytes();
    AtomicFile.write(out.toAbsolutePath(), bytes);
    invocation
        .console()
        .out()
        .print(invocation.json() ? json(result, bytes.length) : table(result, bytes.length));
    return ExitCode.DONE;
  }

  private static String json(PredictorTraining.Result result, int bytes) {
    return String.format(
        Locale.ROOT,
        "{\"rows\": %d, \"held_out_rows\": %d, \"recall\": %.4f, \"bytes\": %d}%n",
        result.rows(),
        result.heldOutRows(),
        result.recall(),
        bytes);
  }

  private String table(PredictorTraining.Result result, int bytes) {
    String line = "  %-34s %s%n";
    return String.format(line, "tokens learnt from", result.rows())
        + String.format(
            Locale.ROOT,
            "  %-34s %.1f %% of %d tokens%n",
            "recall, held out",
            100 * result.recall(),
            result.heldOutRows())
        + String.format(line, "predictor", out + " (" + bytes + " bytes)");
  }

  private PredictorTraining.Result train(Invocation invocation) throws IOException {
    try {
      List<RoutingTrace> read = new ArrayList<>();
      for (Path trace : traces) {
        read.add(RoutingTrace.read(trace));
      }
      return PredictorTraining.train(
          read,
          new MlpSizes(lookahead, context, hidden),
          epochs,
          seed,
          line -> invocation.console().err().println("drey: " + line));
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
  }
}
