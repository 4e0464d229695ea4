package dev.drey.runtime.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.drey.runtime.safetensors.Fixtures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/** A tokenizer with what the reference implementation makes of texts and ids. */
record GoldenTokenizer(Path directory, int vocabulary, List<Encoded> encode, List<Decoded> decode) {

  /** A text, its ids without and with the tokens put around it, and what the former decode to. */
  record Encoded(String text, int[] ids, int[] idsWithSpecial, String decoded) {}

  /** Ids and their text with and without special tokens. */
  record Decoded(int[] ids, String text, String textWithoutSpecial) {}

  static GoldenTokenizer read(String name) {
    Path directory = Fixtures.golden("tokenizers/" + name);
    try {
      JsonNode json = new JsonMapper().readTree(directory.resolve("golden.json").toFile());
      List<Encoded> encode = new ArrayList<>();
      List<Decoded> decode = new ArrayList<>();
      for (JsonNode c : json.required("encode")) {
        int[] withSpecial = ids(c.required("ids_with_special"));
        encode.add(
            new Encoded(
                c.required("text").asText(),
                ids(c.required("ids")),
                withSpecial,
                c.required("decoded").asText()));
        decode.add(new Decoded(withSpecial, "", c.required("decoded_skip_special").asText()));
      }
      for (JsonNode c : json.required("decode")) {
        decode.add(
            new Decoded(
                ids(c.required("ids")),
                c.required("decoded").asText(),
                c.required("decoded_skip_special").asText()));
      }
      return new GoldenTokenizer(directory, json.required("vocab_size").asInt(), encode, decode);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int[] ids(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  @Override
  public String toString() {
    return directory.getFileName().toString();
  }
}
