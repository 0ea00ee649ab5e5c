package dev.apo.worker.storage;

import java.io.IOException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.Interceptor;
import okhttp3.Request;
import okhttp3.Response;

/**
 * Sends a request again while the service is absent, failing or overloaded. It works on single
 * requests, so that a large upload repeats one part, not all of them.
 */
final class RetryInterceptor implements Interceptor {
  /** The service still asks for patience after the last attempt. */
  static final class BusyException extends IOException {
    BusyException(int status) {
      super("HTTP " + status);
    }
  }

  private final Backoff backoff;

  RetryInterceptor(Backoff backoff) {
    this.backoff = backoff;
  }

  @Override
  public Response intercept(Chain chain) throws IOException {
    Request request = chain.request();
    for (int attempt = 1; ; attempt++) {
      try {
        Response response = chain.proceed(request);
        if (!isTemporary(response.code())) {
          return response;
        }
        response.close();
        if (!backoff.pauseAfter(attempt)) {
          throw new BusyException(response.code());
        }
      } catch (BusyException | SSLHandshakeException | SSLPeerUnverifiedException e) {
        throw e; // the certificate will not be a better one next time
      } catch (IOException e) {
        if (chain.call().isCanceled() || !backoff.pauseAfter(attempt)) {
          throw e;
        }
      }
    }
  }

  /** S3 says SlowDown with 503, some services with 429. */
  private static boolean isTemporary(int status) {
    return status >= 500 && status != 501 || status == 429 || status == 408;
  }
}
