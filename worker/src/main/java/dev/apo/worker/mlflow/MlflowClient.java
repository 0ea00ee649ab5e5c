package dev.apo.worker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSource;

/** Calls of MLflow's REST API. */
final class MlflowClient {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int MAX_ANSWER_BYTES = 16 << 20;
  private static final int SHOWN_CHARACTERS = 200;
  private static final MediaType JSON_TYPE = MediaType.get("application/json");

  private final MlflowSettings settings;
  private final OkHttpClient client;

  MlflowClient(MlflowSettings settings) {
    this.settings = settings;
    this.client =
        new OkHttpClient.Builder()
            // The token goes to the server that was named, and nowhere else.
            .followRedirects(false)
            .callTimeout(TIMEOUT)
            .build();
  }

  /** The server did not do what it was asked, and would not if it was asked again. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1;
    private final String errorCode;

    private Refused(String message, String errorCode) {
      super(message);
      this.errorCode = errorCode;
    }

    /** MLflow's own word for what is wrong, e.g. {@code RESOURCE_DOES_NOT_EXIST}. */
    String errorCode() {
      return errorCode;
    }
  }

  /** Reads something, e.g. {@code runs/get} with {@code run_id}. */
  JsonNode get(String path, Map<String, String> query) throws IOException {
    HttpUrl.Builder url = url(path);
    query.forEach(url::addQueryParameter);
    return send(path, new Request.Builder().url(url.build()));
  }

  /** Does something, e.g. {@code runs/create}. */
  JsonNode post(String path, ObjectNode body) throws IOException {
    return send(
        path,
        new Request.Builder()
            .url(url(path).build())
            .post(RequestBody.create(body.toString(), JSON_TYPE)));
  }

  private HttpUrl.Builder url(String path) {
    return settings.uri().newBuilder().addPathSegments("api/2.0/mlflow/" + path);
  }

  private JsonNode send(String path, Request.Builder request) throws IOException {
    if (settings.authorization() != null) {
      request.header("Authorization", settings.authorization());
    }
    try (Response response = client.newCall(request.build()).execute()) {
      BufferedSource source = response.body().source();
      if (source.request(MAX_ANSWER_BYTES + 1)) {
        throw new IOException(path + " has an answer of more than 16 MiB");
      }
      String body = source.readUtf8();
      if (response.isSuccessful()) {
        return JSON.readTree(body);
      }
      int status = response.code();
      String message = path + " answers HTTP " + status + ": " + shown(body);
      if (status >= 500 || status == 429 || status == 408) {
        throw new IOException(message);
      }
      throw new Refused(message, errorCode(body));
    }
  }

  private static String errorCode(String body) {
    try {
      return JSON.readTree(body).path("error_code").asText();
    } catch (IOException e) {
      return "";
    }
  }

  private static String shown(String body) {
    String line = body.strip().replaceAll("\\s+", " ");
    return line.length() <= SHOWN_CHARACTERS ? line : line.substring(0, SHOWN_CHARACTERS) + " …";
  }
}
