package dev.apo.operator;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.StageStatus;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jboss.logging.MDC;

/** What every log line about a resource tells beside its message, until it is closed. */
final class LogContext implements AutoCloseable {
  private static final String NAMESPACE = "namespace";
  private static final String NAME = "name";
  private static final String UID = "uid";
  private static final String ATTEMPT = "attempt";

  private LogContext() {}

  static LogContext of(APOTraining training) {
    MDC.put(NAMESPACE, training.getMetadata().getNamespace());
    MDC.put(NAME, training.getMetadata().getName());
    MDC.put(UID, training.getMetadata().getUid());
    return new LogContext();
  }

  /**
   * From now on the lines are about the attempt of this status' latest stage; 0 before the first.
   */
  void attempt(APOTrainingStatus status) {
    MDC.put(ATTEMPT, attemptOf(status));
  }

  private static int attemptOf(APOTrainingStatus status) {
    return status == null
        ? 0
        : Stream.of(status.train(), status.estimate(), status.prepare())
            .filter(Objects::nonNull)
            .map(StageStatus::attempt)
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(0);
  }

  @Override
  public void close() {
    List.of(NAMESPACE, NAME, UID, ATTEMPT).forEach(MDC::remove);
  }
}
