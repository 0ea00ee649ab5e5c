package dev.apo.worker.reward;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.Backoff;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSource;

/**
 * A user's service that scores responses, in batches and several at a time. It is posted
 *
 * <pre>{"rows": [{"prompt": "…", "response": "…", "answer": "…"}, …]}</pre>
 *
 * and answers {@code {"rewards": [1.0, …]}}, one finite number for each row, in their order. Busy,
 * failing and absent services are asked again; redirects are not followed, so that neither
 * responses nor the token go anywhere else.
 */
public final class HttpReward implements Reward {
  /** How a service is asked. */
  public record Settings(
      String url, String version, Duration timeout, int batchSize, int parallelism) {}

  /** A batch has no more text than this, unless it is one row. */
  private static final int MAX_BATCH_CHARACTERS = 1 << 20;

  private static final int MAX_ANSWER_BYTES = 1 << 20;
  private static final int SHOWN_CHARACTERS = 200;
  private static final Pattern VISIBLE = Pattern.compile("[!-~]+");
  private static final MediaType JSON_TYPE = MediaType.get("application/json");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Settings settings;
  private final String token;
  private final Backoff backoff;
  private final Workers workers;
  private final OkHttpClient client;

  /**
   * @param token bearer token, or null to send none
   * @param backoff when to ask again
   * @throws ApoException if the address or the token cannot be one
   */
  public HttpReward(Settings settings, String token, Backoff backoff) {
    this.settings = settings;
    if (HttpUrl.parse(settings.url()) == null) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "spec.reward.http.url %s is no address; check its host and port."
              .formatted(settings.url()));
    }
    this.token = token == null || token.isBlank() ? null : token.strip();
    if (this.token != null && !VISIBLE.matcher(this.token).matches()) {
      throw new ApoException(
          ExitCode.DENIED,
          "The token of the reward service (APO_REWARD_TOKEN) has spaces or other characters that no"
              + " token has; check its Secret or the environment.");
    }
    this.backoff = backoff;
    this.workers = new Workers("reward-service", settings.parallelism());
    this.client =
        new OkHttpClient.Builder()
            .followRedirects(false)
            .followSslRedirects(false)
            .retryOnConnectionFailure(false)
            .connectTimeout(settings.timeout())
            .readTimeout(settings.timeout())
            .writeTimeout(settings.timeout())
            .callTimeout(settings.timeout())
            .build();
  }

  @Override
  public String id() {
    return "http-" + settings.url();
  }

  @Override
  public String version() {
    return settings.version();
  }

  @Override
  public double[] score(List<Candidate> candidates) {
    return workers.map(batches(candidates), this::ask).stream()
        .flatMap(List::stream)
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  @Override
  public void checkService(Candidate example) {
    score(List.of(example));
  }

  private List<List<Candidate>> batches(List<Candidate> candidates) {
    List<List<Candidate>> batches = new ArrayList<>();
    List<Candidate> batch = new ArrayList<>();
    long characters = 0;
    for (Candidate c : candidates) {
      long size = (long) c.prompt().length() + c.response().length() + c.answer().length();
      boolean full =
          batch.size() == settings.batchSize() || characters + size > MAX_BATCH_CHARACTERS;
      if (full && !batch.isEmpty()) {
        batches.add(batch);
        batch = new ArrayList<>();
        characters = 0;
      }
      batch.add(c);
      characters += size;
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    return batches;
  }

  private List<Double> ask(List<Candidate> batch) {
    Request request = request(batch);
    for (int attempt = 1; ; attempt++) {
      String trouble;
      try (Response response = client.newCall(request).execute()) {
        if (!isTemporary(response.code())) {
          return rewards(response, batch.size());
        }
        trouble = "it answers HTTP " + response.code();
      } catch (IOException e) {
        trouble = reason(e);
      }
      if (!backoff.pauseAfter(attempt)) {
        throw failure(
            ExitCode.UNAVAILABLE,
            "does not answer (%s, asked %d times); start it, or raise spec.reward.http.timeoutSeconds"
                .formatted(trouble, attempt));
      }
    }
  }

  private static String reason(IOException e) {
    return e instanceof InterruptedIOException
        ? "no answer in time"
        : String.valueOf(e.getMessage());
  }

  private static boolean isTemporary(int status) {
    return status >= 500 && status != 501 || status == 429 || status == 408;
  }

  private Request request(List<Candidate> batch) {
    ObjectNode body = JSON.createObjectNode();
    ArrayNode rows = body.putArray("rows");
    for (Candidate c : batch) {
      rows.addObject()
          .put("prompt", c.prompt())
          .put("response", c.response())
          .put("answer", c.answer());
    }
    var request =
        new Request.Builder()
            .url(settings.url())
            .post(RequestBody.create(body.toString(), JSON_TYPE))
            .header("Accept", "application/json");
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return request.build();
  }

  private List<Double> rewards(Response response, int rows) throws IOException {
    int status = response.code();
    if (status >= 300 && status < 400) {
      throw failure(
          ExitCode.BAD_MANIFEST,
          "redirects (HTTP %d), which is not followed; set spec.reward.http.url to where it is"
              .formatted(status));
    }
    if (status == 401 || status == 403) {
      throw failure(
          ExitCode.DENIED,
          "refuses access (HTTP %d); check its token (spec.reward.http.tokenSecretRef, or the environment's APO_REWARD_TOKEN)"
              .formatted(status));
    }
    if (status == 404 || status == 410) {
      throw failure(ExitCode.NOT_FOUND, "is not there (HTTP %d); check its path".formatted(status));
    }
    String body = body(response);
    if (status != 200) {
      throw failure(
          ExitCode.BAD_DATA,
          "refuses the request with HTTP %d: %s; see docs/guide.md for what it is sent"
              .formatted(status, shown(body)));
    }
    return numbers(body, rows);
  }

  private String body(Response response) throws IOException {
    BufferedSource source = response.body().source();
    if (source.request(MAX_ANSWER_BYTES + 1)) {
      throw failure(
          ExitCode.BAD_DATA, "answers more than 1 MiB to one request; it must send numbers only");
    }
    return source.readUtf8();
  }

  private List<Double> numbers(String body, int rows) {
    JsonNode rewards;
    try {
      rewards = JSON.readTree(body).path("rewards");
    } catch (JsonProcessingException e) {
      throw notRewards(body);
    }
    if (!rewards.isArray()) {
      throw notRewards(body);
    }
    if (rewards.size() != rows) {
      throw failure(
          ExitCode.BAD_DATA,
          "answers %d rewards for %d rows; it must send one for each"
              .formatted(rewards.size(), rows));
    }
    List<Double> numbers = new ArrayList<>();
    for (JsonNode reward : rewards) {
      if (!reward.isNumber() || !Double.isFinite(reward.doubleValue())) {
        throw failure(
            ExitCode.BAD_DATA,
            "answers the reward %s; each must be a finite number".formatted(reward));
      }
      numbers.add(reward.doubleValue());
    }
    return numbers;
  }

  private ApoException notRewards(String body) {
    return failure(
        ExitCode.BAD_DATA, "answers %s; expected {\"rewards\": [1.0, …]}".formatted(shown(body)));
  }

  private static String shown(String body) {
    return body.isBlank()
        ? "nothing"
        : body.length() <= SHOWN_CHARACTERS ? body : body.substring(0, SHOWN_CHARACTERS) + " …";
  }

  private ApoException failure(ExitCode code, String what) {
    return new ApoException(code, "The reward service " + settings.url() + " " + what + ".");
  }
}
