package dev.drey.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.RefusedException;
import dev.drey.jobs.options.Section;
import dev.drey.jobs.options.Validator;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.verify.GoldenFile;
import dev.drey.runtime.verify.PromptReport;
import dev.drey.runtime.verify.Verification;
import dev.drey.runtime.verify.VerifyReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares a model with outputs that another implementation computed. */
@Command(
    name = "verify",
    description = {
      "Compares logits, routing, greedy continuations and log-likelihoods of a model with a golden"
          + " file, prompt by prompt, and says whether they agree.",
      "tools/golden.py writes such a file with Hugging Face transformers for any checkpoint."
    })
final class VerifyCommand implements CliCommand {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Option(
      names = "--golden",
      paramLabel = "FILE",
      required = true,
      description = "The reference outputs.")
  Path golden = Path.of("");

  @Override
  public Set<Section> sections() {
    return EnumSet.of(Section.ENGINE);
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    Validator.check(invocation.settings(), List.of(EngineSettings.MODEL));
    GoldenFile reference = read();
    VerifyReport report;
    try (MoeEngine engine =
        MoeEngine.open(
            Verification.configFor(reference, EngineSettings.engine(invocation.settings())))) {
      report = new Verification(engine, reference).run();
    }
    PrintWriter out = invocation.console().out();
    if (invocation.json()) {
      out.println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json(report)));
    } else {
      print(report, out);
    }
    return report.passed() ? ExitCode.DONE : ExitCode.FAILED;
  }

  private GoldenFile read() {
    try {
      return GoldenFile.read(golden);
    } catch (IOException e) {
      throw new RefusedException("--golden: " + e.getMessage());
    }
  }

  private static void print(VerifyReport report, PrintWriter out) {
    out.printf("  %s, %s, %s%n", report.architecture(), compute(report), report.fingerprint());
    out.printf(
        "  %-14s %12s %12s %12s %8s %8s%n",
        "prompt", "logits", "weights", "logprob", "experts", "tokens");
    for (PromptReport prompt : report.prompts()) {
      out.printf(
          "  %-14s %12.2e %12.2e %12.2e %8d %8d%s%n",
          prompt.name(),
          prompt.logitDifference(),
          prompt.weightDifference(),
          prompt.logprobDifference(),
          prompt.routingDifferences(),
          prompt.tokenDifferences(),
          prompt.failures().isEmpty() ? "" : "  FAIL");
    }
    out.printf(
        "  logits differ by %.2e on average, divergence %.2e, argmax agrees at %.2f %%, %d of %d"
            + " choices of experts differ%n",
        report.meanAbs(),
        report.meanKl(),
        100 * report.argmaxAgreement(),
        report.routingFlips(),
        report.routingDecisions());
    report.failures().forEach(failure -> out.println("  - " + failure));
    out.println(report.passed() ? "  agrees with the reference" : "  DIFFERS from the reference");
  }

  private static String compute(VerifyReport report) {
    return report.compute().name().toLowerCase(Locale.ROOT);
  }

  private static ObjectNode json(VerifyReport report) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("passed", report.passed());
    root.put("architecture", report.architecture());
    root.put("fingerprint", report.fingerprint());
    root.put("compute", compute(report));
    root.put("largest_logit_difference", report.largestLogitDifference());
    root.put("mean_logit_difference", report.meanAbs());
    root.put("mean_kl_divergence", report.meanKl());
    root.put("argmax_agreement", report.argmaxAgreement());
    root.put("routing_differences", report.routingFlips());
    root.put("routing_decisions", report.routingDecisions());
    ArrayNode prompts = root.putArray("prompts");
    for (PromptReport prompt : report.prompts()) {
      ObjectNode node = prompts.addObject();
      node.put("name", prompt.name());
      node.put("largest_logit_difference", prompt.logitDifference());
      node.put("largest_weight_difference", prompt.weightDifference());
      node.put("logprob_difference", prompt.logprobDifference());
      node.put("routing_differences", prompt.routingDifferences());
      node.put("token_differences", prompt.tokenDifferences());
      ArrayNode failures = node.putArray("failures");
      prompt.failures().forEach(failures::add);
    }
    ArrayNode failures = root.putArray("failures");
    report.failures().forEach(failures::add);
    return root;
  }
}
