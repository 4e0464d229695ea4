package dev.drey.it.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Flink's REST interface, as far as the tests need it. */
public final class RestApi {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String BOUNDARY = "----drey-boundary";

  private final HttpClient client = HttpClient.newHttpClient();
  private final String base;

  /**
   * @param base address without a slash at its end
   */
  public RestApi(String base) {
    this.base = base;
  }

  /** An answer other than 2xx. */
  public static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    RefusedException(String request, int status, String body) {
      super("%s: %d %s".formatted(request, status, body.replace("\\n", "\n").replace("\\t", " ")));
    }
  }

  /** GET. */
  public JsonNode get(String path) throws IOException, InterruptedException {
    return send("GET", path, BodyPublishers.noBody(), "");
  }

  /** POST of a JSON object. */
  public JsonNode post(String path, JsonNode body) throws IOException, InterruptedException {
    return send("POST", path, BodyPublishers.ofString(body.toString()), "application/json");
  }

  /** PATCH without a body. */
  public JsonNode patch(String path) throws IOException, InterruptedException {
    return send("PATCH", path, BodyPublishers.noBody(), "");
  }

  /** Uploads a jar; returns its id. */
  public String upload(Path jar) throws IOException, InterruptedException {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    form.writeBytes(
        String.join(
                "\r\n",
                "--%s",
                "Content-Disposition: form-data; name=\"jarfile\"; filename=\"%s\"",
                "Content-Type: application/x-java-archive",
                "",
                "")
            .formatted(BOUNDARY, jar.getFileName())
            .getBytes(StandardCharsets.UTF_8));
    form.writeBytes(Files.readAllBytes(jar));
    form.writeBytes("\r\n--%s--\r\n".formatted(BOUNDARY).getBytes(StandardCharsets.UTF_8));
    JsonNode answer =
        send(
            "POST",
            "/jars/upload",
            BodyPublishers.ofByteArray(form.toByteArray()),
            "multipart/form-data; boundary=" + BOUNDARY);
    String stored = answer.path("filename").asText();
    return stored.substring(stored.lastIndexOf('/') + 1);
  }

  private JsonNode send(String method, String path, BodyPublisher body, String type)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path)).timeout(PATIENCE).method(method, body);
    if (!type.isEmpty()) {
      request.header("Content-Type", type);
    }
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() / 100 != 2) {
      throw new RefusedException(method + " " + path, response.statusCode(), response.body());
    }
    return JSON.readTree(response.body());
  }
}
