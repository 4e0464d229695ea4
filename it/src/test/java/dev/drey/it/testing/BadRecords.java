package dev.drey.it.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.Usage;
import dev.drey.schemas.format.WireFormat;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Values no request can be made of, each with what is wrong with it. A null value is a tombstone.
 */
public final class BadRecords {
  /** Largest request the jobs of these records take. */
  public static final int MAX_BYTES = 50_000;

  /** In every text, so that tests can look for it where no text may be quoted. */
  public static final String CANARY = "canaryprompt";

  private static final String PROMPT = "\"prompt\": \"" + CANARY + "\"";

  private final Map<String, byte @Nullable []> kinds = new LinkedHashMap<>();

  private BadRecords() {}

  /** Kinds of the JSON format. */
  public static Map<String, byte @Nullable []> json() {
    BadRecords bad = new BadRecords();
    bad.unreadable();
    bad.json("not JSON", CANARY + " is not JSON");
    bad.json("half an object", "{" + PROMPT + ", \"max_tok");
    bad.json("two objects", "{" + PROMPT + "} {" + PROMPT + "}");
    bad.json("an array", "[{" + PROMPT + "}]");
    bad.json("a number", "42");
    bad.json("null", "null");
    bad.json("a key twice", "{" + PROMPT + ", " + PROMPT + "}");
    bad.json("nested too deep", "[".repeat(20_000));
    bad.json("a comment", "{/* */" + PROMPT + "}");
    bad.bytes("invalid UTF-8", "{\"prompt\": \"", new byte[] {(byte) 0xc3, 0x28}, "\"}");
    bad.bytes("overlong UTF-8", "{\"prompt\": \"", new byte[] {(byte) 0xc0, (byte) 0xaf}, "\"}");
    bad.json("half a surrogate pair", "{\"prompt\": \"\\ud83d\"}");
    bad.json("no input", "{\"max_tokens\": 4}");
    bad.json("two inputs", "{" + PROMPT + ", \"prompt_token_ids\": [5]}");
    bad.json("prompt and messages", "{" + PROMPT + ", \"messages\": []}");
    bad.json("no messages", "{\"messages\": []}");
    bad.json("a message without role", "{\"messages\": [{\"content\": \"" + CANARY + "\"}]}");
    bad.json(
        "a message that the template cannot render",
        "{\"messages\": [{\"role\": \"user\", \"content\": null, \"name\": \"" + CANARY + "\"}]}");
    bad.json(
        "a template of its own",
        "{\"messages\": [{\"role\": \"u\"}], \"chat_template\": \"" + CANARY + "\"}");
    bad.json("a prompt of the wrong type", "{\"prompt\": 5}");
    for (String parameter :
        List.of(
            "\"max_tokens\": 0",
            "\"max_tokens\": -1",
            "\"max_tokens\": 2147483648",
            "\"max_tokens\": 1000000",
            "\"max_tokens\": \"ten\"",
            "\"max_tokens\": 1.5",
            "\"temperature\": NaN",
            "\"temperature\": -1",
            "\"temperature\": 1e999",
            "\"top_p\": 0",
            "\"top_p\": 2",
            "\"top_k\": -7",
            "\"min_p\": 1.5",
            "\"repetition_penalty\": 0",
            "\"presence_penalty\": 9",
            "\"seed\": \"x\"",
            "\"stop\": [\"\"]",
            "\"stop_token_ids\": [-3]",
            "\"min_tokens\": 50, \"max_tokens\": 5",
            "\"logprobs\": 1000000",
            "\"deadline_ms\": 5",
            "\"n\": 2",
            "\"colour\": \"red\"",
            "\"model\": \"another-model\"")) {
      bad.json(parameter, "{" + PROMPT + ", " + parameter + "}");
    }
    bad.json("many stops", "{" + PROMPT + ", \"stop\": [" + "\"a\",".repeat(9_999) + "\"b\"]}");
    bad.json("an empty prompt", "{\"prompt\": \"\"}");
    bad.json("no token ids", "{\"prompt_token_ids\": []}");
    bad.json("an unknown token id", "{\"prompt_token_ids\": [1, 4096]}");
    bad.json("longer than the context", "{\"prompt\": \"" + (CANARY + " ").repeat(3_000) + "\"}");
    bad.kinds.put("Avro", avro(r -> r.setPrompt(CANARY)));
    return Collections.unmodifiableMap(bad.kinds);
  }

  /** Kinds of the Avro format. */
  public static Map<String, byte @Nullable []> avro() {
    BadRecords bad = new BadRecords();
    bad.unreadable();
    byte[] good = avro(r -> r.setPrompt(CANARY));
    bad.kinds.put("JSON", ("{" + PROMPT + "}").getBytes(UTF_8));
    bad.kinds.put("half a header", Arrays.copyOf(good, 5));
    bad.kinds.put("half a body", Arrays.copyOf(good, good.length - 9));
    bad.kinds.put("more than a body", Arrays.copyOf(good, good.length + 3));
    bad.kinds.put("another magic", changed(good, 1, 0x02));
    bad.kinds.put("an unknown schema", changed(good, 4, good[4] + 1));
    bad.kinds.put("an impossible union branch", changed(good, 10, 0x08));
    bad.kinds.put("a negative length", changed(good, promptLength(good), 0x07));
    bad.kinds.put("a length beyond the end", changed(good, promptLength(good), 0x7e));
    bad.kinds.put("invalid UTF-8", changed(good, promptLength(good) + 2, 0xff));
    bad.kinds.put("another record", result());
    bad.add("no input", r -> r.setPrompt(null));
    bad.add("two inputs", r -> r.setPromptTokenIds(List.of(5)));
    bad.add("max_tokens 0", r -> r.setMaxTokens(0));
    bad.add("max_tokens -1", r -> r.setMaxTokens(-1));
    bad.add("max_tokens 2^31-1", r -> r.setMaxTokens(Integer.MAX_VALUE));
    bad.add("temperature NaN", r -> r.setTemperature(Double.NaN));
    bad.add("temperature infinite", r -> r.setTemperature(Double.POSITIVE_INFINITY));
    bad.add("temperature -1", r -> r.setTemperature(-1.0));
    bad.add("top_p 0", r -> r.setTopP(0.0));
    bad.add("top_k -7", r -> r.setTopK(-7));
    bad.add("min_p 2", r -> r.setMinP(2.0));
    bad.add("stop empty", r -> r.setStop(List.of("")));
    bad.add("many stops", r -> r.setStop(Collections.nCopies(10_000, "a")));
    bad.add("logprobs 10^6", r -> r.setLogprobs(1_000_000));
    bad.add("deadline_ms", r -> r.setDeadlineMs(5L));
    bad.add("another model", r -> r.setModel("another-model"));
    bad.add("an empty prompt", r -> r.setPrompt(""));
    bad.add("longer than the context", r -> r.setPrompt((CANARY + " ").repeat(3_000)));
    bad.kinds.put(
        "an unknown token id", avro(r -> r.setPromptTokenIds(new ArrayList<>(List.of(1, 4096)))));
    return Collections.unmodifiableMap(bad.kinds);
  }

  /** What is no request in any format. */
  private void unreadable() {
    kinds.put("a tombstone", null);
    kinds.put("no bytes", new byte[0]);
    kinds.put("a blank", " ".getBytes(UTF_8));
    kinds.put("zeros", new byte[64]);
    kinds.put("too many bytes", ("{" + PROMPT + " ".repeat(MAX_BYTES) + "}").getBytes(UTF_8));
  }

  private void json(String kind, String value) {
    kinds.put(kind, value.getBytes(UTF_8));
  }

  private void bytes(String kind, String before, byte[] middle, String after) {
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    value.writeBytes(before.getBytes(UTF_8));
    value.writeBytes(middle);
    value.writeBytes(after.getBytes(UTF_8));
    kinds.put(kind, value.toByteArray());
  }

  private void add(String kind, Consumer<InferenceRequest> change) {
    kinds.put(
        kind,
        avro(
            request -> {
              request.setPrompt(CANARY);
              change.accept(request);
            }));
  }

  private static byte[] avro(Consumer<InferenceRequest> fill) {
    InferenceRequest request = new InferenceRequest();
    fill.accept(request);
    return WireFormat.AVRO.requests(WireFormat.DEFAULT_MAX_BYTES).encode(request);
  }

  private static byte[] result() {
    InferenceResult result = new InferenceResult();
    result.setId("in-0-0");
    result.setModel("m");
    result.setModelDigest("d");
    result.setSystemFingerprint("f");
    result.setEngineVersion("v");
    result.setTokenIds(List.of());
    result.setUsage(new Usage(1, 1, 2));
    return WireFormat.AVRO.results(WireFormat.DEFAULT_MAX_BYTES).encode(result);
  }

  /** Index of the byte before the canary: the length of the prompt. */
  private static int promptLength(byte[] encoded) {
    byte[] canary = CANARY.getBytes(UTF_8);
    for (int at = 1; at + canary.length <= encoded.length; at++) {
      if (Arrays.equals(encoded, at, at + canary.length, canary, 0, canary.length)) {
        return at - 1;
      }
    }
    throw new AssertionError("the prompt is not in its encoding");
  }

  private static byte[] changed(byte[] bytes, int at, int value) {
    byte[] copy = bytes.clone();
    copy[at] = (byte) value;
    return copy;
  }
}
