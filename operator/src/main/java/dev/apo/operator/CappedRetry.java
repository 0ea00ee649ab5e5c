package dev.apo.operator;

import io.javaoperatorsdk.operator.processing.retry.GenericRetry;

/** Retries for ever, at first soon and at last every 30 seconds: a run may outlive any outage. */
public final class CappedRetry extends GenericRetry {
  public CappedRetry() {
    setInitialInterval(200);
    setIntervalMultiplier(2);
    setMaxInterval(30_000);
    setMaxAttempts(-1);
  }
}
