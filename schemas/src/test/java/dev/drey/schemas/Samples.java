package dev.drey.schemas;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One record of each kind with every field set, and the smallest valid ones. */
public final class Samples {
  private Samples() {}

  public static InferenceRequest fullRequest() {
    InferenceRequest request = new InferenceRequest();
    request.setCustomId("row-7 \u00e9\u4e16\ud83d\ude00");
    request.setModel("sample");
    request.setPrompt("Q: What is a \"heron\"?\nA:\u0000\u2028");
    request.setMaxTokens(40);
    request.setTemperature(0.7);
    request.setTopP(0.95);
    request.setTopK(-1);
    request.setMinP(1e-7);
    request.setRepetitionPenalty(1.1);
    request.setPresencePenalty(-0.5);
    request.setFrequencyPenalty(2.0);
    request.setSeed(Long.MIN_VALUE);
    request.setStop(List.of("\n\n", "Q:"));
    request.setStopTokenIds(List.of(0, 17));
    request.setIgnoreEos(true);
    request.setMinTokens(2);
    request.setLogprobs(3);
    request.setDeadlineMs(86_400_000_000L);
    return request;
  }

  public static InferenceRequest prompt(String prompt) {
    InferenceRequest request = new InferenceRequest();
    request.setPrompt(prompt);
    return request;
  }

  /** A conversation with everything that messages can have. */
  public static InferenceRequest chat() {
    ChatMessage system = message("system", "Be brief.");
    ChatMessage user = message("user", "W\u00e4rmer?\n<|im_end|>");
    user.setName("ann");
    ChatMessage call = message("assistant", null);
    call.setReasoningContent("look it up");
    call.setThinking("hm");
    call.setToolCalls(
        List.of(
            new ToolCall(
                "call_1",
                "function",
                new FunctionCall("weather", "{\"city\":\"Z\u00fcrich\",\"days\":[1,2.50,null]}"))));
    ChatMessage tool = message("tool", "{\"temp\": 21}");
    tool.setToolCallId("call_1");
    InferenceRequest request = new InferenceRequest();
    request.setCustomId("row-9");
    request.setMaxTokens(8);
    request.setMessages(List.of(system, user, call, tool));
    request.setTools(
        List.of("{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"x\":1e3}}"));
    request.setChatTemplateKwargs("{\"enable_thinking\":false,\"effort\":\"high\"}");
    request.setAddGenerationPrompt(false);
    return request;
  }

  public static ChatMessage message(String role, @Nullable String content) {
    ChatMessage message = new ChatMessage();
    message.setRole(role);
    message.setContent(content);
    return message;
  }

  public static InferenceResult generated() {
    InferenceResult result = new InferenceResult();
    result.setId("prompts-3-1234567890123");
    result.setCustomId("row-7");
    result.setModel("sample");
    result.setModelDigest("9f86d081884c7d65");
    result.setSystemFingerprint("bf16/avx512");
    result.setEngineVersion("0.1.0");
    result.setFinishReason("stop");
    result.setText("A wading bird \u2014 grey.");
    result.setTokenIds(List.of(5, 99, 7));
    result.setLogprobs(
        List.of(
            new TokenLogprob(5, -0.1f, List.of(new TopLogprob(5, -0.1f), new TopLogprob(8, -3f))),
            new TokenLogprob(99, -1.0e-7f, List.of()),
            new TokenLogprob(7, -12.345679f, List.of(new TopLogprob(7, -12.345679f)))));
    result.setUsage(new Usage(11, 3, 14));
    result.setSampling(
        new EffectiveSampling(
            40, 0.7, 1.0, 0, 0.0, 1.0, 0.0, 0.0, 42L, List.of("Q:"), List.of(2), false, 0, 2));
    return result;
  }

  public static InferenceResult scored() {
    InferenceResult result = new InferenceResult();
    result.setId("scores.jsonl-1");
    result.setModel("sample");
    result.setModelDigest("9f86d081884c7d65");
    result.setTokenIds(List.of(4, 1));
    result.setLoglikelihood(-3.0000001);
    result.setIsGreedy(false);
    result.setTokenLogprobs(List.of(-1f, -2.0000002f));
    result.setUsage(new Usage(9, 0, 9));
    return result;
  }

  public static DeadLetter deadLetter() {
    DeadLetter letter = new DeadLetter();
    letter.setId("prompts-0-5");
    letter.setCustomId("row-8");
    letter.setErrorClass("format.not_json");
    letter.setMessage("record: expected JSON, found something else at line 1 column 3");
    letter.setRetriable(false);
    letter.setSource("prompts");
    letter.setPartition(0);
    letter.setOffset(5);
    letter.setTimestamp(1_700_000_000_000L);
    letter.setKey(ByteBuffer.wrap(new byte[] {(byte) 0xff, 0, 1}));
    letter.setValue(text("{\"prompt\" \u00fc"));
    letter.setHeaders(
        List.of(
            new RecordHeader("traceparent", text("00-ab")),
            new RecordHeader("traceparent", ByteBuffer.wrap(new byte[0])),
            new RecordHeader("none", null)));
    return letter;
  }

  /** A dead letter of a tombstone in a file of no timestamps. */
  public static DeadLetter smallDeadLetter() {
    DeadLetter letter = new DeadLetter();
    letter.setId("a.jsonl-0");
    letter.setErrorClass("format.empty");
    letter.setMessage("record: expected a JSON object, found no value");
    letter.setRetriable(false);
    letter.setSource("a.jsonl");
    letter.setPartition(0);
    letter.setOffset(0);
    letter.setHeaders(List.of());
    return letter;
  }

  public static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
