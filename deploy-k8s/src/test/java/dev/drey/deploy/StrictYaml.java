package dev.drey.deploy;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.FlinkVersion;
import org.apache.flink.runtime.util.EnvironmentInformation;

/**
 * Reads manifests into the model classes of Kubernetes and of the Flink operator and refuses every
 * field that those classes do not have.
 *
 * <p>The model classes themselves are lenient: some are annotated to ignore unknown fields, and the
 * Kubernetes ones collect them in a map of additional properties. Both are switched off here, since
 * a misspelt field would otherwise be dropped without a word, by the test as by the cluster.
 *
 * <p>One value is let through that the published operator model does not know: the {@code
 * flinkVersion} of exactly the Flink on the class path. Release 1.10 is the newest one on Maven
 * Central and ends at Flink 1.20; it reads as that newest constant.
 */
final class StrictYaml {

  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .annotationIntrospector(new NoLeniency())
          .addHandler(new CurrentFlinkVersion())
          .build();

  private StrictYaml() {}

  /** All documents of a file, in their order. Refuses unknown kinds, fields and doubled keys. */
  static List<HasMetadata> read(Path file) throws IOException {
    return read(Files.readString(file));
  }

  /** As {@link #read(Path)}, for the text of a file. */
  static List<HasMetadata> read(String text) throws IOException {
    List<HasMetadata> resources = new ArrayList<>();
    try (var documents = YAML.readerFor(JsonNode.class).<JsonNode>readValues(text)) {
      while (documents.hasNext()) {
        JsonNode document = documents.next();
        resources.add(STRICT.treeToValue(document, modelOf(document)));
      }
    }
    return List.copyOf(resources);
  }

  /** The name by which the operator calls the Flink on the class path, such as {@code v2_2}. */
  static String currentFlinkVersion() {
    String[] parts = EnvironmentInformation.getVersion().split("\\.");
    return "v" + parts[0] + "_" + parts[1];
  }

  private static Class<? extends HasMetadata> modelOf(JsonNode document) {
    String kind = document.path("apiVersion").asText() + "/" + document.path("kind").asText();
    return switch (kind) {
      case "flink.apache.org/v1beta1/FlinkDeployment" -> FlinkDeployment.class;
      case "v1/PersistentVolumeClaim" -> PersistentVolumeClaim.class;
      default -> throw new IllegalArgumentException("no model class for " + kind);
    };
  }

  private static final class NoLeniency extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    @Override
    public JsonIgnoreProperties.Value findPropertyIgnoralByName(
        MapperConfig<?> config, Annotated annotated) {
      return super.findPropertyIgnoralByName(config, annotated).withoutIgnoreUnknown();
    }

    @Override
    public Boolean hasAnySetter(Annotated annotated) {
      return Boolean.FALSE;
    }
  }

  private static final class CurrentFlinkVersion extends DeserializationProblemHandler {
    @Override
    public Object handleWeirdStringValue(
        DeserializationContext context, Class<?> target, String value, String message) {
      if (target == FlinkVersion.class && value.equals(currentFlinkVersion())) {
        return FlinkVersion.v1_20;
      }
      return NOT_HANDLED;
    }
  }
}
