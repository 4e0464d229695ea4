package dev.drey.operators.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.api.common.externalresource.ExternalResourceInfo;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.junit.jupiter.api.Test;

class HandedGpusTest {
  /** What Flink's driver for GPUs tells of one. */
  private record Gpu(String index) implements ExternalResourceInfo {
    @Override
    public Optional<String> getProperty(String key) {
      return key.equals("index") ? Optional.of(index) : Optional.empty();
    }

    @Override
    public Collection<String> getKeys() {
      return List.of("index");
    }
  }

  /** A context that knows external resources and nothing else. */
  private static RuntimeContext context(String... indices) {
    Set<ExternalResourceInfo> gpus =
        Arrays.stream(indices).map(Gpu::new).collect(Collectors.toSet());
    return (RuntimeContext)
        Proxy.newProxyInstance(
            HandedGpusTest.class.getClassLoader(),
            new Class<?>[] {RuntimeContext.class},
            (proxy, method, arguments) -> {
              assertThat(method.getName()).isEqualTo("getExternalResourceInfos");
              assertThat(arguments).containsExactly("gpu");
              return gpus;
            });
  }

  @Test
  void indicesComeInOrder() {
    assertThat(HandedGpus.of(context("3", "0", "10"))).containsExactly(0, 3, 10);
  }

  @Test
  void withoutTheResourceThereAreNone() {
    assertThat(HandedGpus.of(context())).isEmpty();
  }

  @Test
  void anIndexThatIsNoNumberIsRefused() {
    assertThatThrownBy(() -> HandedGpus.of(context("GPU-1a2b")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("GPU-1a2b")
        .hasMessageContaining("external-resource.gpu.driver-factory.class");
  }
}
