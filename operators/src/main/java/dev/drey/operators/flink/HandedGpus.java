package dev.drey.operators.flink;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.flink.api.common.externalresource.ExternalResourceInfo;
import org.apache.flink.api.common.functions.RuntimeContext;

/**
 * The GPUs that Flink's external-resource framework handed to a TaskManager. All of its slots see
 * all of them.
 */
public final class HandedGpus {
  /** Name of the resource in {@code external-resources}. */
  public static final String RESOURCE = "gpu";

  private static final String INDEX = "index";

  private HandedGpus() {}

  /**
   * Their indices as the driver counts them, rising; empty where the resource is not configured.
   *
   * @throws IllegalStateException if the resource comes without an index, or with one that is none
   */
  public static List<Integer> of(RuntimeContext context) {
    List<Integer> indices = new ArrayList<>();
    for (ExternalResourceInfo gpu : context.getExternalResourceInfos(RESOURCE)) {
      indices.add(index(gpu));
    }
    Collections.sort(indices);
    return List.copyOf(indices);
  }

  private static int index(ExternalResourceInfo gpu) {
    String text = gpu.getProperty(INDEX).orElse("");
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalStateException(
          "external resource '%s' has '%s' for its property '%s', a number is expected; is external-resource.%s.driver-factory.class Flink's GPUDriverFactory?"
              .formatted(RESOURCE, text, INDEX, RESOURCE),
          e);
    }
  }
}
