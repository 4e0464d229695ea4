package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.KeyRange;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.model.NormConfig;
import dev.drey.runtime.model.QkNorm;
import dev.drey.runtime.model.RotaryConfig;
import dev.drey.runtime.model.RotaryScaling;
import dev.drey.runtime.model.RouterConfig;
import dev.drey.runtime.safetensors.ModelFileException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Qwen3MoeArchitectureTest {
  @Test
  void absentKeysHaveThePublishedDefaults() {
    ModelConfig model = read("{'model_type':'qwen3_moe'}");
    assertThat(model.vocabulary()).isEqualTo(151_936);
    assertThat(model.hidden()).isEqualTo(2048);
    assertThat(model.layers()).isEqualTo(24);
    assertThat(model.moeLayers()).isEqualTo(24);
    assertThat(model.maxPositions()).isEqualTo(32_768);
    assertThat(model.norm()).isEqualTo(NormConfig.rms(1e-6));
    assertThat(model.tiedEmbeddings()).isFalse();
    assertThat(model.denseIntermediate()).isEqualTo(6144);
    assertThat(model.attention(0))
        .isEqualTo(
            GroupedQueryAttention.of(32, 4, 64, RotaryConfig.plain(64, 10_000))
                .qkNorm(QkNorm.HEAD)
                .build());
    assertThat(model.moe()).isEqualTo(MoeConfig.of(128, 8, 768, RouterConfig.softmax(false)));
  }

  @Test
  void keysThatDoNotChangeTheResultAreIgnored() {
    ModelConfig plain = read("{}");
    assertThat(
            read(
                "{'attention_dropout':0.5,'router_aux_loss_coef':1,'sliding_window':4096,"
                    + "'use_cache':false,'made_up':{'a':[1,2]},'rope_scaling':null,"
                    + "'quantization_config':null,'layer_types':['full_attention']}"))
        .isEqualTo(plain);
  }

  @Test
  void rotaryParametersAreReadInBothStyles() {
    assertThat(rotary("{'rope_theta':5e5}").theta()).isEqualTo(5e5);
    assertThat(rotary("{'rope_parameters':{'rope_type':'default','rope_theta':1000000}}").theta())
        .isEqualTo(1e6);
    assertThat(rotary("{'rope_theta':7e5,'rope_scaling':{'rope_type':'default'}}").theta())
        .isEqualTo(7e5);
    assertThat(rotary("{'rope_parameters':{'partial_rotary_factor':0.5}}").dims()).isEqualTo(32);
    assertThat(rotary("{'rope_scaling':{'type':'linear','factor':4}}").scaling())
        .isEqualTo(new RotaryScaling.Linear(4));
    assertThat(
            rotary(
                    "{'rope_scaling':{'rope_type':'yarn','factor':4,"
                        + "'original_max_position_embeddings':1024}}")
                .scaling())
        .isEqualTo(new RotaryScaling.Yarn(4, 1024, 32, 1, true, 0.1 * Math.log(4) + 1));
  }

  @Test
  void biasesAndWindowsAreTakenFromTheirKeys() {
    assertThat(attention("{'attention_bias':true}").bias()).isTrue();
    assertThat(attention("{'attention_bias':true}").outputBias()).isTrue();
    assertThat(attention("{'use_sliding_window':true,'sliding_window':7}").visible())
        .isEqualTo(KeyRange.sliding(7));
    assertThat(attention("{'sliding_window':7}").visible()).isEqualTo(KeyRange.ALL);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'rope_scaling':{'type':'spiral','factor':4.0}}       | key 'rope_scaling.type'     | "spiral"
          {'rope_scaling':{'rope_type':'yarn'}}                 | key 'rope_scaling.factor'   | no value
          {'rope_scaling':{'factor':4.0}}                       | key 'rope_scaling.rope_type'| no value
          {'rope_scaling':{'rope_type':'linear','factor':2,'mrope_section':[1]}}| mrope_section | [1]
          {'rope_scaling':4.0}                                  | key 'rope_scaling'          | 4.0
          {'rope_parameters':{'rope_type':'llama3'}}            | rope_parameters.factor      | no value
          {'partial_rotary_factor':0.01}                        | partial_rotary_factor       | 0.01
          {'hidden_act':'gelu'}                                 | key 'hidden_act'            | "gelu"
          {'layer_types':['full_attention','sliding_attention']}| key 'layer_types'           | sliding
          {'num_experts_per_tok':17,'num_experts':16}           | key 'num_experts_per_tok'   | 17
          {'num_experts':0}                                     | key 'num_experts'           | 0
          {'num_experts':16,'num_local_experts':8}              | key 'num_local_experts'     | 8
          {'num_key_value_heads':3}                             | key 'num_key_value_heads'   | 3
          {'num_key_value_heads':64}                            | key 'num_key_value_heads'   | 64
          {'head_dim':33}                                       | key 'head_dim'              | 33
          {'hidden_size':2052}                                  | key 'head_dim'              | no value
          {'hidden_size':2050}                                  | key 'hidden_size'           | 2050
          {'hidden_size':-1}                                    | key 'hidden_size'           | -1
          {'hidden_size':99999999999}                           | key 'hidden_size'           | 99999999999
          {'hidden_size':2048.5}                                | key 'hidden_size'           | 2048.5
          {'hidden_size':'2048'}                                | key 'hidden_size'           | "2048"
          {'num_hidden_layers':0}                               | key 'num_hidden_layers'     | 0
          {'vocab_size':2147483648}                             | key 'vocab_size'            | 2147483648
          {'rms_norm_eps':0}                                    | key 'rms_norm_eps'          | 0
          {'rms_norm_eps':'NaN'}                                | key 'rms_norm_eps'          | "NaN"
          {'rope_theta':1e999}                                  | key 'rope_theta'            | Infinity
          {'tie_word_embeddings':'yes'}                         | key 'tie_word_embeddings'   | "yes"
          {'mlp_only_layers':[24]}                              | key 'mlp_only_layers'       | [24]
          {'mlp_only_layers':['a']}                             | key 'mlp_only_layers'       | ["a"]
          {'num_hidden_layers':2,'mlp_only_layers':[0,1]}       | at least one layer          | 2
          {'decoder_sparse_step':25}                            | at least one layer          | no value
          {'decoder_sparse_step':0}                             | key 'decoder_sparse_step'   | 0
          """)
  void aValueThatIsImpossibleOrNotImplementedIsRefusedWithItsKey(
      String json, String key, String value) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("config.json: ")
        .hasMessageContaining(key)
        .hasMessageContaining("found")
        .hasMessageContaining(value);
  }

  @Test
  void anUnknownModelTypeIsRefusedNamingTheSupportedOnes() {
    JsonConfig unknown = TestModel.config(json -> json.put("model_type", "gpt2"));
    assertThatThrownBy(() -> Architectures.of(unknown))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("key 'model_type': expected one of [deepseek_v2, deepseek_v3,")
        .hasMessageContaining("qwen3_moe, qwen3_next], found '\"gpt2\"'");
    JsonConfig classifier =
        TestModel.config(
            json -> json.putArray("architectures").add("Qwen3MoeForSequenceClassification"));
    assertThatThrownBy(() -> Architectures.of(classifier))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("key 'architectures'")
        .hasMessageContaining("Sequence");
    JsonConfig without = TestModel.config(json -> json.remove("model_type"));
    assertThatThrownBy(() -> Architectures.of(without))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("key 'model_type': expected a text, found no value");
    assertThat(Architectures.of(TestModel.config(json -> {})).modelType()).isEqualTo("qwen3_moe");
  }

  private static GroupedQueryAttention attention(String json) {
    return (GroupedQueryAttention) read(json).attention(0);
  }

  private static RotaryConfig rotary(String json) {
    return Objects.requireNonNull(attention(json).rotary());
  }

  private static ModelConfig read(String json) {
    byte[] content = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return new Qwen3MoeArchitecture().read(JsonConfig.parse(Path.of("config.json"), content));
  }
}
