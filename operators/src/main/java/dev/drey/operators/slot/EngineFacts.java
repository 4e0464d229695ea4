package dev.drey.operators.slot;

import dev.drey.runtime.schedule.ModelLimits;
import java.util.OptionalInt;

/**
 * What an open engine serves: constant while it is open.
 *
 * @param identity what results depend on besides the request
 * @param engineVersion version of the software
 * @param layers decoder layers
 * @param experts routed experts per layer
 * @param limits what the model says about sequences
 * @param poolTokens tokens the key/value pool holds for a sequence that is alone
 * @param beginToken token that starts a text, if the model has one
 * @param sampling how the model's authors want it to generate
 */
public record EngineFacts(
    EngineIdentity identity,
    String engineVersion,
    int layers,
    int experts,
    ModelLimits limits,
    long poolTokens,
    OptionalInt beginToken,
    SamplingDefaults sampling) {}
