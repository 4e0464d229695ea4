package dev.drey.runtime.predict;

import dev.drey.runtime.model.ExpertId;

/**
 * A guess that an expert will be needed.
 *
 * @param step forward pass for which it was made
 * @param issuedAtLayer layer whose router had just run; {@link ExpertPredictor#STEP_BEGIN} if the
 *     step had just begun
 * @param expert the expert; its layer is the target layer
 * @param score how strongly; higher is likelier, comparable only within one (step, target layer)
 */
public record Prediction(long step, int issuedAtLayer, ExpertId expert, float score) {}
