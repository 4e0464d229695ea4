package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Mixtral: experts in {@code block_sparse_moe}, their projections numbered. */
final class MixtralFamily implements Family {
  private static final String BLOCK = "block_sparse_moe.";

  @Override
  public List<SyntheticTensor> layer(SyntheticSpec spec, int layer) {
    TensorList list = TensorList.layer(spec, layer).attention().router(BLOCK + "gate.weight");
    for (int expert = 0; expert < spec.experts(); expert++) {
      list.network(BLOCK + "experts." + expert + ".", "w1", "w3", "w2", spec.intermediate());
    }
    return list.tensors();
  }

  @Override
  public ObjectNode config(SyntheticSpec spec) {
    ObjectNode config = FamilyConfig.of("MixtralForCausalLM", "mixtral");
    FamilyConfig.common(config, spec, 1e-5, 1e6);
    FamilyConfig.headDim(config, spec);
    config.put("intermediate_size", spec.intermediate());
    config.put("num_local_experts", spec.experts());
    config.putNull("sliding_window");
    return config;
  }
}
