package dev.apo.worker.storage;

import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
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
  private final Outage outage;

  RetryInterceptor(Backoff backoff, Outage outage) {
    this.backoff = backoff;
    this.outage = outage;
  }

  @Override
  public Response intercept(Chain chain) throws IOException {
    Request request = chain.request();
    for (int attempt = 1; ; attempt++) {
      Instant sent = outage.now();
      try {
        Response response = patient(chain).proceed(request);
        if (!isTemporary(response.code())) {
          outage.answered();
          return response;
        }
        response.close();
        throw new BusyException(response.code());
      } catch (IOException e) {
        if (chain.call().isCanceled() || S3Errors.isAboutCertificate(e)) {
          throw e; // the certificate will not be a better one next time
        }
        outage.failed(sent, e);
        if (outage.isHopeless() || !backoff.pauseAfter(attempt)) {
          throw e;
        }
      }
    }
  }

  /** A service that hangs would hold up the end by a minute for each last request. */
  private Chain patient(Chain chain) {
    return outage.isHopeless() ? chain.withReadTimeout(5, TimeUnit.SECONDS) : chain;
  }

  /** S3 says SlowDown with 503, some services with 429. */
  private static boolean isTemporary(int status) {
    return status >= 500 && status != 501 || status == 429 || status == 408;
  }
}
