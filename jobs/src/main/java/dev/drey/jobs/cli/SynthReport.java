package dev.drey.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.checkpoint.CheckpointSummary;
import dev.drey.runtime.routing.LayerRouting;
import dev.drey.runtime.routing.RoutingProfile;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@code drey synth} says.
 *
 * @param digest of the model
 * @param summary of its files
 * @param writingSeconds how long it took to write
 * @param routing how its routers choose; null if that was not measured
 * @param measuringSeconds how long that took
 */
record SynthReport(
    String digest,
    CheckpointSummary summary,
    double writingSeconds,
    @Nullable RoutingProfile routing,
    double measuringSeconds) {

  String text(String model) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s: %,d experts of %s, %s in %d weight files, written in %.1f s%ndigest %s",
            model,
            summary.totalExperts(),
            SizeText.bytes(summary.expertBytes()),
            SizeText.bytes(summary.totalBytes()),
            summary.files(),
            writingSeconds,
            digest));
    if (routing != null) {
      append(text, routing);
    }
    return text.toString();
  }

  private void append(StringBuilder text, RoutingProfile profile) {
    text.append(
        String.format(
            Locale.ROOT,
            "%nrouting of %d prompts of %d tokens, mean of %d layers, measured in %.1f s",
            profile.prompts(),
            profile.tokens(),
            profile.layers().size(),
            measuringSeconds));
    row(text, "Zipf exponent of the popularity", "%.2f", profile.mean(LayerRouting::zipfExponent));
    row(
        text,
        "choices on a quarter of the experts",
        "%s the most popular, %s the prompt's own",
        SizeText.percent(profile.mean(LayerRouting::popularQuarter)),
        SizeText.percent(profile.mean(LayerRouting::ownQuarter)));
    if (profile.layers().size() > 1) {
      row(
          text,
          "next layer's top expert guessed",
          "%s by popularity, %s by this layer's",
          SizeText.percent(profile.meanOfNext(LayerRouting::guessedByPopularity)),
          SizeText.percent(profile.meanOfNext(LayerRouting::guessedByChoice)));
    }
  }

  private static void row(StringBuilder text, String name, String format, Object... values) {
    text.append(
        String.format(
            Locale.ROOT, "%n  %-36s %s", name, String.format(Locale.ROOT, format, values)));
  }

  String json(String model) {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("model", model).put("digest", digest);
    root.put("experts", summary.totalExperts()).put("expert_bytes", summary.expertBytes());
    root.put("total_bytes", summary.totalBytes()).put("files", summary.files());
    root.put("seconds", writingSeconds);
    if (routing != null) {
      add(root.putObject("routing"), routing);
    }
    return root.toPrettyString();
  }

  private void add(ObjectNode node, RoutingProfile profile) {
    node.put("prompts", profile.prompts()).put("tokens", profile.tokens());
    node.put("seconds", measuringSeconds);
    node.put("zipf_exponent", profile.mean(LayerRouting::zipfExponent));
    node.put("on_popular_quarter", profile.mean(LayerRouting::popularQuarter));
    node.put("on_own_quarter", profile.mean(LayerRouting::ownQuarter));
    node.put("guessed_by_popularity", profile.meanOfNext(LayerRouting::guessedByPopularity));
    node.put("guessed_by_choice", profile.meanOfNext(LayerRouting::guessedByChoice));
    for (LayerRouting layer : profile.layers()) {
      ObjectNode one = node.withArray("layers").addObject();
      one.put("layer", layer.layer()).put("zipf_exponent", layer.zipfExponent());
      one.put("on_popular_quarter", layer.popularQuarter());
      one.put("on_own_quarter", layer.ownQuarter());
      one.put("guessed_by_popularity", layer.guessedByPopularity());
      one.put("guessed_by_choice", layer.guessedByChoice());
    }
  }
}
