package dev.apo.worker.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.storage.Backoff;
import dev.apo.worker.storage.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okio.BufferedSource;

/**
 * The hub's HTTP interface: what a repository holds at a revision, and its files, of which a
 * download goes on where it was cut off. The token is sent to the hub alone, not to where it
 * redirects, and appears in no message.
 */
public final class Hub implements AutoCloseable {
  static final String ENDPOINT = "HF_ENDPOINT";
  static final String TOKEN = "HF_TOKEN";

  private static final String PUBLIC = "https://huggingface.co";
  private static final int MAX_ANSWER_BYTES = 64 << 20;
  private static final Pattern VISIBLE = Pattern.compile("[!-~]+");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40,64}");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpUrl endpoint;
  private final String token;
  private final Backoff backoff;
  private final OkHttpClient client;

  /**
   * @param endpoint address of the hub
   * @param token access token, or null
   * @throws ApoException if the address or the token cannot be one
   */
  Hub(String endpoint, String token, Backoff backoff) {
    this.endpoint = HttpUrl.parse(endpoint);
    if (this.endpoint == null) {
      throw new ApoException(
          ExitCode.USAGE,
          "%s is \"%s\", which is no address; write it as %s."
              .formatted(ENDPOINT, endpoint, PUBLIC));
    }
    this.token = token == null || token.isBlank() ? null : token.strip();
    if (this.token != null && !VISIBLE.matcher(this.token).matches()) {
      throw new ApoException(
          ExitCode.DENIED,
          "The hub's token (%s) has spaces or other characters that no token has; check the environment or its Secret."
              .formatted(TOKEN));
    }
    this.backoff = backoff;
    this.client =
        new OkHttpClient.Builder()
            .retryOnConnectionFailure(false)
            .connectTimeout(Duration.ofSeconds(10))
            .readTimeout(Duration.ofMinutes(1))
            .build();
  }

  /** The hub that the environment names; the public one if it names none. */
  public static Hub from(Map<String, String> environment) {
    return new Hub(
        environment.getOrDefault(ENDPOINT, PUBLIC), environment.get(TOKEN), Backoff.ofAttempts(7));
  }

  /**
   * What a repository holds at the address's revision.
   *
   * @throws ApoException DENIED, NOT_FOUND or UNAVAILABLE
   */
  Snapshot snapshot(HubAddress address) {
    HttpUrl url =
        endpoint
            .newBuilder()
            .addPathSegments("api/" + (address.dataset() ? "datasets/" : "models/"))
            .addPathSegments(address.repository() + "/revision")
            .addPathSegment(address.revision() == null ? "main" : address.revision())
            .addQueryParameter("blobs", "true")
            .build();
    for (int attempt = 1; ; attempt++) {
      try (Response response = client.newCall(request(url).build()).execute()) {
        if (response.code() == 200) {
          return parsed(address, response);
        }
        if (!isTemporary(response.code()) || !backoff.pauseAfter(attempt)) {
          throw refused(address, response);
        }
      } catch (IOException e) {
        if (!backoff.pauseAfter(attempt)) {
          throw absent(address.toString(), e);
        }
      }
    }
  }

  private Snapshot parsed(HubAddress address, Response response) throws IOException {
    BufferedSource source = response.body().source();
    if (source.request(MAX_ANSWER_BYTES + 1L)) {
      throw notAHub(address);
    }
    JsonNode json;
    try {
      json = JSON.readTree(source.readUtf8());
    } catch (JsonProcessingException e) {
      throw notAHub(address);
    }
    String commit = json.path("sha").asText();
    if (!COMMIT.matcher(commit).matches() || !json.path("siblings").isArray()) {
      throw notAHub(address);
    }
    var files = new ArrayList<Snapshot.File>();
    for (JsonNode file : json.path("siblings")) {
      JsonNode large = file.path("lfs");
      JsonNode size = large.has("size") ? large.path("size") : file.path("size");
      files.add(
          new Snapshot.File(
              file.path("rfilename").asText(), size.asLong(-1), large.path("sha256").asText(null)));
    }
    return new Snapshot(address, commit, files);
  }

  private ApoException notAHub(HubAddress address) {
    return new ApoException(
        ExitCode.UNAVAILABLE,
        "%s does not answer like the hub for %s; check %s.".formatted(endpoint, address, ENDPOINT));
  }

  /**
   * Brings a file; what an earlier attempt has left of it is kept.
   *
   * @param target appears at once, when the whole file is there and its digest is right
   * @throws ApoException DENIED, NOT_FOUND or UNAVAILABLE
   */
  void download(Snapshot snapshot, Snapshot.File file, Path target) {
    Path part = target.resolveSibling(target.getFileName() + ".part");
    try {
      Files.createDirectories(target.toAbsolutePath().getParent());
      receive(snapshot, file, part);
      check(snapshot, file, part);
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw FileErrors.explain("write", target, e);
    }
  }

  private void receive(Snapshot snapshot, Snapshot.File file, Path part) throws IOException {
    if (file.size() < 0) {
      Files.deleteIfExists(part);
    }
    for (int attempt = 1; !isWhole(file, part); attempt++) {
      long before = size(part);
      Request.Builder request = request(url(snapshot, file)).header("Accept-Encoding", "identity");
      if (before > 0) {
        request.header("Range", "bytes=" + before + "-");
      }
      IOException failure = null;
      try (Response response = client.newCall(request.build()).execute()) {
        if (!isTemporary(response.code())) {
          store(snapshot, response, before, part);
          if (file.size() < 0) {
            return;
          }
          failure = new IOException("the connection ended");
        } else if (!backoff.pauseAfter(attempt)) {
          throw refused(snapshot.address(), response);
        } else {
          continue;
        }
      } catch (IOException e) {
        failure = e;
      }
      if (isWhole(file, part)) {
        return;
      }
      if (size(part) > before) {
        // It moves: the count of attempts begins anew.
        attempt = 1;
      }
      if (!backoff.pauseAfter(attempt)) {
        throw absent(snapshot.address() + ": " + file.name(), failure);
      }
    }
  }

  private static boolean isWhole(Snapshot.File file, Path part) throws IOException {
    return file.size() >= 0 && Files.exists(part) && size(part) >= file.size();
  }

  private static long size(Path part) throws IOException {
    return Files.exists(part) ? Files.size(part) : 0;
  }

  private HttpUrl url(Snapshot snapshot, Snapshot.File file) {
    return endpoint
        .newBuilder()
        .addPathSegments(
            (snapshot.address().dataset() ? "datasets/" : "") + snapshot.address().repository())
        .addPathSegments("resolve/" + snapshot.commit())
        .addPathSegments(file.name())
        .build();
  }

  /** Appends what arrives, or starts anew if the server does not go on where it was asked to. */
  private void store(Snapshot snapshot, Response response, long before, Path part)
      throws IOException {
    if (response.code() == 416) {
      Files.delete(part);
      throw new IOException("it has no such range");
    }
    if (response.code() != 200 && response.code() != 206) {
      throw refused(snapshot.address(), response);
    }
    boolean goesOn =
        response.code() == 206
            && response.header("Content-Range", "").startsWith("bytes " + before + "-");
    if (response.code() == 206 && !goesOn) {
      throw new IOException("it sends another range");
    }
    try (FileChannel out =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.truncate(goesOn ? before : 0);
      out.position(out.size());
      InputStream in = response.body().byteStream();
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        write(part, out, ByteBuffer.wrap(buffer, 0, n));
      }
      out.force(true);
    }
  }

  /** A full disk is not the hub's fault. */
  private static void write(Path part, FileChannel out, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw FileErrors.explain("write", part, e);
    }
  }

  private void check(Snapshot snapshot, Snapshot.File file, Path part) throws IOException {
    boolean whole = file.size() < 0 || size(part) == file.size();
    if (!whole || file.sha256() != null && !file.sha256().equals(Sha256.of(part))) {
      Files.delete(part);
      throw new ApoException(
          ExitCode.UNAVAILABLE,
          "%s: %s arrived damaged from %s (its %s is another); run again."
              .formatted(snapshot.address(), file.name(), endpoint, whole ? "SHA-256" : "size"));
    }
  }

  private Request.Builder request(HttpUrl url) {
    var request = new Request.Builder().url(url);
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return request;
  }

  private static boolean isTemporary(int status) {
    return status >= 500 && status != 501 || status == 429 || status == 408;
  }

  private ApoException refused(HubAddress address, Response response) {
    int status = response.code();
    String code = response.header("X-Error-Code", "");
    return switch (status) {
      case 401 ->
          new ApoException(
              ExitCode.DENIED,
              token == null
                  ? "%s shows %s to nobody without a token (HTTP 401): it is private, gated or not there; check its name, or set %s (on a cluster spec.model.tokenSecretRef)."
                      .formatted(endpoint, address, TOKEN)
                  : "%s refuses the token for %s (HTTP 401); check the name, and that the token in %s is valid (on a cluster spec.model.tokenSecretRef)."
                      .formatted(endpoint, address, TOKEN));
      case 403 ->
          new ApoException(
              ExitCode.DENIED,
              "%s does not let %s read %s (HTTP 403); accept the terms at %s, or take a token that may read it (%s, on a cluster spec.model.tokenSecretRef)."
                  .formatted(
                      endpoint,
                      token == null ? "strangers" : "the token's owner",
                      address,
                      page(address),
                      TOKEN));
      case 404 ->
          new ApoException(
              ExitCode.NOT_FOUND,
              "%s has no %s (HTTP 404%s); check the name and the revision."
                  .formatted(endpoint, address, code.isEmpty() ? "" : ", " + code));
      case 429 ->
          new ApoException(
              ExitCode.UNAVAILABLE,
              "%s was asked too often for %s (HTTP 429); try again later%s."
                  .formatted(
                      endpoint,
                      address,
                      token == null ? ", or set " + TOKEN + ", with which more is allowed" : ""));
      default ->
          new ApoException(
              ExitCode.UNAVAILABLE,
              "%s cannot serve %s now (HTTP %d); try again later."
                  .formatted(endpoint, address, status));
    };
  }

  private HttpUrl page(HubAddress address) {
    return endpoint
        .newBuilder()
        .addPathSegments((address.dataset() ? "datasets/" : "") + address.repository())
        .build();
  }

  private ApoException absent(String what, IOException failure) {
    return new ApoException(
        ExitCode.UNAVAILABLE,
        "%s does not answer for %s (%s); check the network and %s."
            .formatted(
                endpoint,
                what,
                failure.getMessage() == null
                    ? failure.getClass().getSimpleName()
                    : failure.getMessage().lines().findFirst().orElse(""),
                ENDPOINT),
        failure);
  }

  @Override
  public void close() {
    client.dispatcher().executorService().shutdown();
    client.connectionPool().evictAll();
  }
}
