package dev.apo.worker.storage;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobApiMetadata;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStore;
import org.jclouds.blobstore.BlobStoreContext;

/** A real S3 service in this process that keeps its objects in a directory. */
public final class S3Server implements AutoCloseable {
  public static final Map<String, String> CREDENTIALS =
      Map.of("AWS_ACCESS_KEY_ID", "tester", "AWS_SECRET_ACCESS_KEY", "sesame");

  private final BlobStoreContext context;
  private final S3Proxy proxy;

  public S3Server(Path directory) throws Exception {
    this(directory, null);
  }

  /**
   * @param keyStore serves TLS with this PKCS12 store and password "changeit"; null for plain HTTP
   */
  public S3Server(Path directory, Path keyStore) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", directory.toString());
    context =
        ContextBuilder.newBuilder(new FilesystemNio2BlobApiMetadata())
            .credentials("none", "none")
            .overrides(properties)
            .build(BlobStoreContext.class);
    S3Proxy.Builder builder =
        S3Proxy.builder()
            .blobStore(context.getBlobStore())
            .awsAuthentication(
                AuthenticationType.AWS_V4,
                CREDENTIALS.get("AWS_ACCESS_KEY_ID"),
                CREDENTIALS.get("AWS_SECRET_ACCESS_KEY"));
    if (keyStore == null) {
      builder.endpoint(URI.create("http://127.0.0.1:0"));
    } else {
      builder
          .secureEndpoint(URI.create("https://127.0.0.1:0"))
          .keyStore(keyStore.toString(), "changeit");
    }
    proxy = builder.build();
    proxy.start();
  }

  /** What is really stored, past the protocol. */
  public BlobStore blobs() {
    return context.getBlobStore();
  }

  public String endpoint() {
    return "http://127.0.0.1:" + proxy.getPort();
  }

  public String secureEndpoint() {
    return "https://127.0.0.1:" + proxy.getSecurePort();
  }

  @Override
  public void close() {
    try {
      proxy.stop();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    context.close();
  }
}
