package dev.drey.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.drey.schemas.InferenceRequest;
import dev.drey.schemas.Samples;
import dev.drey.schemas.serde.RecordFormatException.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RequestKindTest {

  @Test
  void theInputFieldsTellTheKind() throws Exception {
    assertThat(RequestKind.of(Samples.fullRequest())).isEqualTo(RequestKind.GENERATE);
    InferenceRequest ids = new InferenceRequest();
    ids.setPromptTokenIds(List.of());
    assertThat(RequestKind.of(ids)).isEqualTo(RequestKind.GENERATE);
    assertThat(RequestKind.of(Samples.chat())).isEqualTo(RequestKind.CHAT);
    assertThat(RequestKind.of(score("", " b"))).isEqualTo(RequestKind.SCORE);
    assertThat(RequestKind.of(rolling("t"))).isEqualTo(RequestKind.SCORE_ROLLING);
  }

  @Test
  void anIncompleteOrAmbiguousInputIsRefused() {
    refuses(new InferenceRequest(), Problem.MISSING_FIELD, "none of them");
    refuses(score("a", null), Problem.MISSING_FIELD, "context alone");
    refuses(score(null, "b"), Problem.MISSING_FIELD, "continuation alone");
    InferenceRequest both = Samples.prompt("p");
    both.setPromptTokenIds(List.of(1));
    refuses(both, Problem.CONFLICTING_FIELDS, "prompt and prompt_token_ids");
    InferenceRequest half = Samples.prompt("p");
    half.setContext("c");
    refuses(half, Problem.CONFLICTING_FIELDS, "prompt and context");
    InferenceRequest text = score("a", "b");
    text.setText("t");
    refuses(text, Problem.CONFLICTING_FIELDS, "context and continuation and text");
  }

  @Test
  void onlyAConversationHasWhatBelongsToOne() {
    InferenceRequest prompt = Samples.prompt("p");
    prompt.setTools(List.of("{}"));
    refuses(prompt, Problem.UNSUPPORTED_FIELD, "tools: expected it beside messages only");
    InferenceRequest both = Samples.chat();
    both.setPrompt("p");
    refuses(both, Problem.CONFLICTING_FIELDS, "prompt and messages");
    InferenceRequest ids = Samples.chat();
    ids.setPromptTokenIds(List.of(1));
    refuses(ids, Problem.CONFLICTING_FIELDS, "prompt_token_ids and messages");
    InferenceRequest rolling = rolling("t");
    rolling.setAddGenerationPrompt(true);
    refuses(rolling, Problem.UNSUPPORTED_FIELD, "add_generation_prompt: ");
  }

  @Test
  void scoringTakesNoParametersOfGeneration() throws Exception {
    InferenceRequest request = rolling("t");
    request.setCustomId("row");
    request.setModel("m");
    request.setDeadlineMs(1L);
    assertThat(RequestKind.of(request)).isEqualTo(RequestKind.SCORE_ROLLING);
    request.setTemperature(0.0);
    refuses(request, Problem.UNSUPPORTED_FIELD, "temperature: expected no parameter of generation");
  }

  private static void refuses(InferenceRequest request, Problem problem, String message) {
    request.setCustomId("row");
    var refusal = catchThrowableOfType(RecordFormatException.class, () -> RequestKind.of(request));
    assertThat(refusal).hasMessageContaining(message);
    assertThat(refusal.problem()).isEqualTo(problem);
    assertThat(refusal.customId()).contains("row");
  }

  private static InferenceRequest score(@Nullable String context, @Nullable String continuation) {
    InferenceRequest request = new InferenceRequest();
    request.setContext(context);
    request.setContinuation(continuation);
    return request;
  }

  private static InferenceRequest rolling(String text) {
    InferenceRequest request = new InferenceRequest();
    request.setText(text);
    return request;
  }
}
