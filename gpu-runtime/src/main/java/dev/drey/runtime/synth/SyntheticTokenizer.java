package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A byte-level tokenizer without merges: id 0 is the end token, ids 1 to 256 are the bytes, every
 * further id is a word of its own that no text encodes to but that decodes to readable text.
 */
final class SyntheticTokenizer {
  private static final int BYTES = 256;

  private SyntheticTokenizer() {}

  static void write(int vocabulary, Path directory) throws IOException {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    ObjectNode end = root.putArray("added_tokens").addObject();
    end.put("id", 0).put("content", "<|endoftext|>").put("single_word", false);
    end.put("lstrip", false).put("rstrip", false).put("normalized", false).put("special", true);
    root.putNull("normalizer");
    byteLevel(root.putObject("pre_tokenizer")).put("use_regex", false);
    root.putNull("post_processor");
    byteLevel(root.putObject("decoder")).put("use_regex", false);
    ObjectNode model = root.putObject("model");
    model.put("type", "BPE");
    ObjectNode ids = model.putObject("vocab");
    ids.put("<|endoftext|>", 0);
    for (int value = 0; value < BYTES; value++) {
      ids.put(String.valueOf(symbol(value)), value + 1);
    }
    for (int id = BYTES + 1; id < vocabulary; id++) {
      ids.put("\u0120w" + id, id);
    }
    model.putArray("merges");
    new ObjectMapper().writeValue(directory.resolve("tokenizer.json").toFile(), root);
  }

  private static ObjectNode byteLevel(ObjectNode node) {
    return node.put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true);
  }

  /** The printable character that byte-level tokenizers write for a byte (GPT-2's table). */
  private static char symbol(int value) {
    if (printable(value)) {
      return (char) value;
    }
    int next = BYTES;
    for (int other = 0; other < value; other++) {
      next += printable(other) ? 0 : 1;
    }
    return (char) next;
  }

  private static boolean printable(int value) {
    return (value >= '!' && value <= '~')
        || (value >= 0xA1 && value <= 0xAC)
        || (value >= 0xAE && value <= 0xFF);
  }
}
