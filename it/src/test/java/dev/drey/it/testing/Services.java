package dev.drey.it.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests the broker and the session cluster: each started when first asked for, shared by all
 * test classes, ended after the last. Tests use topics of their own and leave two free slots.
 */
public final class Services implements ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(Services.class);
  private static final int TASK_MANAGERS = 2;

  private interface Start<T extends AutoCloseable> {
    T in(Path directory) throws Exception;
  }

  /** A service with the directory it lives in. */
  private record Running<T extends AutoCloseable>(T service, Path directory)
      implements AutoCloseable {
    static <T extends AutoCloseable> Running<T> start(Start<T> start) {
      try {
        Path directory = Files.createTempDirectory("drey-it");
        try {
          return new Running<>(start.in(directory), directory);
        } catch (Exception | Error failure) {
          delete(directory);
          throw failure;
        }
      } catch (Exception e) {
        throw new IllegalStateException("a service of the tests does not start", e);
      }
    }

    @Override
    public void close() throws Exception {
      service.close();
      delete(directory);
    }

    private static void delete(Path directory) throws IOException {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == ForkedKafka.class || type == ForkedCluster.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    ExtensionContext.Store store = context.getRoot().getStore(NAMESPACE);
    Object running =
        parameter.getParameter().getType() == ForkedKafka.class
            ? store.getOrComputeIfAbsent("kafka", key -> Running.start(ForkedKafka::start))
            : store.getOrComputeIfAbsent(
                "cluster",
                key -> Running.start(directory -> ForkedCluster.start(directory, TASK_MANAGERS)));
    return ((Running<?>) running).service();
  }
}
