package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import io.minio.MinioClient;
import io.minio.credentials.StaticProvider;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;

/**
 * The client for one S3 service and how to use it.
 *
 * @param endpoint the service's address, for messages
 * @param partSize files larger than this many bytes are uploaded in parts of this size
 */
record S3Connection(
    String endpoint,
    OkHttpClient http,
    MinioClient client,
    long partSize,
    Backoff backoff,
    Outage outage)
    implements AutoCloseable {
  /** A part that fails is sent again, so it must not be large; S3 allows 10,000 of them. */
  static final long PART_SIZE = 32L << 20;

  private static final String AMAZON = "https://s3.amazonaws.com";

  /** Prepares a client; nothing is contacted yet. */
  static S3Connection open(
      StorageOptions options,
      Map<String, String> environment,
      long partSize,
      Backoff backoff,
      Patience patience) {
    String endpoint = options.endpoint() == null ? AMAZON : options.endpoint().strip();
    var outage = new Outage(endpoint, patience, InstantSource.system());
    OkHttpClient http = http(options, backoff, outage);
    return new S3Connection(
        endpoint, http, client(endpoint, options, environment, http), partSize, backoff, outage);
  }

  private static OkHttpClient http(StorageOptions options, Backoff backoff, Outage outage) {
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .protocols(List.of(Protocol.HTTP_1_1))
            .connectTimeout(Duration.ofSeconds(10))
            .readTimeout(Duration.ofMinutes(1))
            .writeTimeout(Duration.ofMinutes(1))
            .retryOnConnectionFailure(false)
            .addInterceptor(new RetryInterceptor(backoff, outage));
    if (options.caFile() != null) {
      CaFile.trust(builder, options.caFile());
    }
    return builder.build();
  }

  private static MinioClient client(
      String endpoint, StorageOptions options, Map<String, String> environment, OkHttpClient http) {
    MinioClient.Builder builder = MinioClient.builder().httpClient(http);
    try {
      builder.endpoint(endpoint);
    } catch (IllegalArgumentException e) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "Storage endpoint \"%s\" is not understood; write it as https://host:port."
              .formatted(endpoint),
          e);
    }
    String region = region(options, environment);
    if (region != null) {
      builder.region(region);
    }
    S3Credentials.from(environment)
        .map(c -> new StaticProvider(c.accessKey(), c.secretKey(), c.sessionToken()))
        .ifPresent(builder::credentialsProvider);
    MinioClient client = builder.build();
    if (options.pathStyle()) {
      client.disableVirtualStyleEndpoint();
    } else {
      client.enableVirtualStyleEndpoint();
    }
    return client;
  }

  /** With a region known, the client does not ask for the bucket's, which few keys may. */
  private static String region(StorageOptions options, Map<String, String> environment) {
    if (options.region() != null) {
      return options.region();
    }
    String region = environment.get("AWS_REGION");
    return region == null && options.endpoint() != null ? "us-east-1" : region;
  }

  @Override
  public void close() {
    // Otherwise idle connections keep the program alive for a minute.
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }
}
