package dev.drey.runtime;

import dev.drey.runtime.checkpoint.GenerationDefaults;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.schedule.ModelLimits;
import dev.drey.runtime.schedule.ScheduleConfig;

/**
 * What an open engine is.
 *
 * @param version version of the software
 * @param model the network
 * @param modelName last part of the model directory's name
 * @param modelDigest digest of the model's description and tensor layout
 * @param defaults the model's own generation defaults and end tokens
 * @param compute activations' type
 * @param fingerprint everything else bits depend on
 * @param limits what the model says about sequences
 * @param poolTokens tokens the key/value pool holds
 * @param memory how the memory is split
 * @param schedule limits of the scheduler
 */
public record EngineInfo(
    String version,
    ModelConfig model,
    String modelName,
    String modelDigest,
    GenerationDefaults defaults,
    ComputeType compute,
    String fingerprint,
    ModelLimits limits,
    long poolTokens,
    MemoryPlan memory,
    ScheduleConfig schedule) {}
