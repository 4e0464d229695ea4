package dev.drey.runtime.checkpoint;

import static dev.drey.runtime.safetensors.ModelFileException.quote;
import static dev.drey.runtime.safetensors.ModelFileException.tensor;

import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.TensorRegion;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a checkpoint by canonical names: {@code model.embed_tokens.weight}, {@code
 * model.layers.…}, {@code lm_head.weight}. Models that were wrapped into larger ones carry other
 * prefixes, such as {@code language_model.model.} or {@code model.language_model.}; where the
 * embedding is shows which.
 */
final class CanonicalNames {
  private static final String CANONICAL = "model.";
  private static final String EMBEDDING = "embed_tokens.weight";
  private static final String HEAD = "lm_head.";

  private final Map<String, TensorRegion> byName = new LinkedHashMap<>();
  private final Set<String> outside = new HashSet<>();
  private final String prefix;

  CanonicalNames(Map<String, TensorRegion> regions) {
    this.prefix = prefix(regions);
    for (Map.Entry<String, TensorRegion> entry : regions.entrySet()) {
      String name = canonical(entry.getKey());
      TensorRegion other = byName.put(name, entry.getValue());
      if (other != null) {
        throw ModelFileException.of(
            entry.getValue().file(),
            tensor(entry.getKey()),
            "one tensor for " + quote(name),
            "a second besides " + quote(other.name()),
            "Tensors of two models seem mixed; fetch the model again.");
      }
      if (!prefix.equals(CANONICAL)
          && !entry.getKey().startsWith(prefix)
          && !name.startsWith(HEAD)) {
        outside.add(name);
      }
    }
  }

  private static String prefix(Map<String, TensorRegion> regions) {
    if (regions.containsKey(CANONICAL + EMBEDDING)) {
      return CANONICAL;
    }
    List<String> found =
        regions.keySet().stream()
            .filter(name -> name.equals(EMBEDDING) || name.endsWith("." + EMBEDDING))
            .toList();
    return found.size() == 1
        ? found.get(0).substring(0, found.get(0).length() - EMBEDDING.length())
        : CANONICAL;
  }

  private String canonical(String name) {
    int head = name.indexOf(HEAD);
    boolean wrappedHead = head > 0 && prefix.startsWith(name.substring(0, head));
    if (wrappedHead) {
      return name.substring(head);
    }
    return name.startsWith(prefix) ? CANONICAL + name.substring(prefix.length()) : name;
  }

  /** Every tensor by its canonical name. */
  Map<String, TensorRegion> byName() {
    return byName;
  }

  /** Whether a canonical name belongs to another part of a larger model, such as its eyes. */
  boolean isOutside(String canonical) {
    return outside.contains(canonical);
  }
}
