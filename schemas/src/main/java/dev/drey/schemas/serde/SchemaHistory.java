package dev.drey.schemas.serde;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * The published versions of a record's schema, oldest first, from the {@code history} folder beside
 * the generated classes. The newest is the current one.
 */
public final class SchemaHistory {
  private SchemaHistory() {}

  /**
   * All versions of a record.
   *
   * @param current the schema of the generated class
   * @throws IllegalStateException if the newest kept version is not the current schema: a build
   *     that changed a schema without publishing the change as a new version
   */
  public static List<Schema> of(Schema current) {
    List<Schema> versions = new ArrayList<>();
    for (int version = 1; ; version++) {
      String resource = "/dev/drey/schemas/history/" + current.getName() + ".v" + version + ".avsc";
      try (InputStream in = SchemaHistory.class.getResourceAsStream(resource)) {
        if (in == null) {
          break;
        }
        versions.add(new Schema.Parser().parse(in));
      } catch (IOException e) {
        throw new UncheckedIOException("schema version " + resource + " cannot be read", e);
      }
    }
    if (versions.isEmpty()
        || fingerprint(versions.get(versions.size() - 1)) != fingerprint(current)) {
      throw new IllegalStateException(
          "history of "
              + current.getName()
              + ": expected the newest of "
              + versions.size()
              + " versions to be the current schema with fingerprint "
              + fingerprintText(fingerprint(current))
              + "; publish the changed schema as the next version");
    }
    return List.copyOf(versions);
  }

  /** CRC-64-AVRO fingerprint of a schema, as it stands in front of a record. */
  static long fingerprint(Schema schema) {
    return SchemaNormalization.parsingFingerprint64(schema);
  }

  /** A fingerprint as messages print it. */
  static String fingerprintText(long fingerprint) {
    return String.format("0x%016x", fingerprint);
  }
}
