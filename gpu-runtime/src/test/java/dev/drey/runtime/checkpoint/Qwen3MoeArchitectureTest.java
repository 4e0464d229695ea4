package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.MoeConfig;
import dev.drey.runtime.safetensors.ModelFileException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Qwen3MoeArchitectureTest {
  @Test
  void absentKeysHaveThePublishedDefaults() {
    assertThat(read("{'model_type':'qwen3_moe'}"))
        .isEqualTo(
            new ModelConfig(
                "qwen3_moe",
                151_936,
                2048,
                24,
                32_768,
                1e-6f,
                false,
                new AttentionConfig(32, 4, 64, true, 10_000),
                new MoeConfig(128, 8, 768, false),
                new BitSet(),
                6144));
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
    assertThat(read("{'rope_theta':5e5}").attention().ropeTheta()).isEqualTo(5e5);
    assertThat(
            read("{'rope_parameters':{'rope_type':'default','rope_theta':1000000}}")
                .attention()
                .ropeTheta())
        .isEqualTo(1e6);
    assertThat(
            read("{'rope_theta':7e5,'rope_scaling':{'rope_type':'default'}}")
                .attention()
                .ropeTheta())
        .isEqualTo(7e5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'rope_scaling':{'type':'yarn','factor':4.0}}         | key 'rope_scaling.type'     | "yarn"
          {'rope_scaling':{'rope_type':'yarn'}}                 | key 'rope_scaling.rope_type'| "yarn"
          {'rope_scaling':{'factor':4.0}}                       | key 'rope_scaling'          | 4.0
          {'rope_scaling':4.0}                                  | key 'rope_scaling'          | 4.0
          {'rope_parameters':{'rope_type':'llama3'}}            | rope_parameters.rope_type   | "llama3"
          {'rope_parameters':{'partial_rotary_factor':0.5}}     | partial_rotary_factor       | 0.5
          {'use_sliding_window':true}                           | key 'use_sliding_window'    | true
          {'attention_bias':true}                               | key 'attention_bias'        | true
          {'hidden_act':'gelu'}                                 | key 'hidden_act'            | "gelu"
          {'quantization_config':{'quant_method':'fp8'}}        | key 'quantization_config'   | fp8
          {'layer_types':['full_attention','sliding_attention']}| key 'layer_types'           | sliding
          {'architectures':['Qwen3MoeForSequenceClassification']}| key 'architectures'        | Sequence
          {'num_experts_per_tok':17,'num_experts':16}           | key 'num_experts_per_tok'   | 17
          {'num_experts':0}                                     | key 'num_experts'           | 0
          {'num_experts':16,'num_local_experts':8}              | key 'num_local_experts'     | 8
          {'num_key_value_heads':3}                             | key 'num_key_value_heads'   | 3
          {'num_key_value_heads':64}                            | key 'num_key_value_heads'   | 64
          {'head_dim':33}                                       | key 'head_dim'              | 33
          {'hidden_size':2047}                                  | key 'head_dim'              | no value
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
          {'num_hidden_layers':2,'mlp_only_layers':[0,1]}       | key 'mlp_only_layers'       | [0,1]
          {'decoder_sparse_step':25}                            | key 'decoder_sparse_step'   | 25
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
    JsonConfig mixtral = TestModel.config(json -> json.put("model_type", "mixtral"));
    assertThatThrownBy(() -> Architectures.of(mixtral))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("key 'model_type': expected one of [qwen3_moe], found '\"mixtral\"'");
    JsonConfig without = TestModel.config(json -> json.remove("model_type"));
    assertThatThrownBy(() -> Architectures.of(without))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("key 'model_type': expected a text, found no value");
    assertThat(Architectures.of(TestModel.config(json -> {})).modelType()).isEqualTo("qwen3_moe");
  }

  private static ModelConfig read(String json) {
    byte[] content = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return new Qwen3MoeArchitecture().read(JsonConfig.parse(Path.of("config.json"), content));
  }
}
