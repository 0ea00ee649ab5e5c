package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import io.minio.errors.ErrorResponseException;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Turns the client's failures into sentences for users. Server messages are left out where they may
 * hold what was signed; only error codes pass.
 */
final class S3Errors {
  private final String endpoint;
  private final String bucket;

  S3Errors(String endpoint, String bucket) {
    this.endpoint = endpoint;
    this.bucket = bucket;
  }

  static boolean isMissingObject(Throwable failure) {
    return hasCode(failure, "NoSuchKey");
  }

  /** Whether the same content is worth sending again: it was damaged, or may have arrived. */
  static boolean isBrokenUpload(Throwable failure) {
    return Stream.of("XAmzContentSHA256Mismatch", "BadDigest", "NoSuchUpload")
        .anyMatch(code -> hasCode(failure, code));
  }

  private static boolean hasCode(Throwable failure, String code) {
    return failure instanceof ErrorResponseException e && e.errorResponse().code().equals(code);
  }

  ApoException translate(String uri, Exception failure) {
    if (failure instanceof ErrorResponseException e) {
      return answered(uri, e.errorResponse().code(), e.response().code(), e);
    }
    if (failure instanceof RetryInterceptor.BusyException e) {
      return busy(uri, e.getMessage(), e);
    }
    if (failure instanceof SSLException) {
      return insecure(failure);
    }
    if (failure instanceof IOException) {
      return unavailable(
          "%s does not answer (%s) for %s; check the endpoint, the network and that it runs."
              .formatted(endpoint, reason(failure), uri),
          failure);
    }
    return unavailable(
        "%s does not answer like an S3 service for %s; check the endpoint and its port."
            .formatted(endpoint, uri),
        failure);
  }

  /** Whether it is the certificate that the connection failed for. */
  static boolean isAboutCertificate(Throwable failure) {
    return failure instanceof SSLPeerUnverifiedException
        || failure instanceof SSLException && failure.getCause() instanceof CertificateException;
  }

  /** What the connection said if there was no whole answer, which the client may have wrapped. */
  static Optional<IOException> silence(Throwable failure) {
    if (failure instanceof IOException e) {
      return isAboutCertificate(e) ? Optional.empty() : Optional.of(e);
    }
    return failure == null ? Optional.empty() : silence(failure.getCause());
  }

  private ApoException insecure(Exception failure) {
    if (failure instanceof SSLPeerUnverifiedException) {
      return unavailable(
          "The certificate of %s is for another host name; correct the endpoint or the certificate."
              .formatted(endpoint),
          failure);
    }
    if (failure.getCause() instanceof CertificateException) {
      return unavailable(
          "The certificate of %s is not signed by an authority that is trusted; set APO_CA_FILE (on a cluster spec.storage.caSecretRef) to the certificate of its authority, or correct the endpoint."
              .formatted(endpoint),
          failure);
    }
    return unavailable(
        "No secure connection to %s (%s); check the endpoint and that it speaks TLS."
            .formatted(endpoint, String.valueOf(failure.getMessage()).split("\n", 2)[0]),
        failure);
  }

  private ApoException answered(String uri, String code, int status, Exception cause) {
    return switch (code) {
      case "NoSuchKey" ->
          new ApoException(
              ExitCode.NOT_FOUND, "There is no object %s; check the path.".formatted(uri), cause);
      case "NoSuchBucket" ->
          new ApoException(
              ExitCode.NOT_FOUND,
              "There is no bucket %s at %s; create it or correct the location."
                  .formatted(bucket, endpoint),
              cause);
      case "AuthorizationHeaderMalformed",
          "PermanentRedirect",
          "IllegalLocationConstraintException",
          "InvalidRegion" ->
          new ApoException(
              ExitCode.BAD_MANIFEST,
              "Bucket %s at %s is in another region (%s); set the storage's region."
                  .formatted(bucket, endpoint, code),
              cause);
      default -> {
        if (status == 401 || status == 403) {
          yield new ApoException(
              ExitCode.DENIED,
              "Bucket %s at %s refuses access to %s (%s); check the credentials and their rights."
                  .formatted(bucket, endpoint, uri, code),
              cause);
        }
        yield busy(uri, code, cause);
      }
    };
  }

  private ApoException busy(String uri, String code, Exception cause) {
    return unavailable(
        "%s cannot serve %s now (%s); check the service and try again later."
            .formatted(endpoint, uri, code),
        cause);
  }

  private static ApoException unavailable(String message, Exception cause) {
    return new ApoException(ExitCode.UNAVAILABLE, message, cause);
  }

  static String reason(Exception failure) {
    return failure instanceof RetryInterceptor.BusyException
        ? failure.getMessage()
        : failure.getClass().getSimpleName().replace("Exception", "");
  }
}
