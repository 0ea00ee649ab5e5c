package dev.apo.operator.health;

import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.health.EventSourceHealthIndicator;
import io.javaoperatorsdk.operator.health.InformerHealthIndicator;
import io.javaoperatorsdk.operator.health.InformerWrappingEventSourceHealthIndicator;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Readiness: down while a watch is cut and the API server does not let it begin again. It comes
 * back by itself; a new process could do no more.
 */
@Readiness
@Singleton
public final class ConnectionCheck implements HealthCheck {
  private final Operator operator;

  ConnectionCheck(Operator operator) {
    this.operator = operator;
  }

  @Override
  public HealthCheckResponse call() {
    Optional<String> cut =
        operator.getRuntimeInfo().getRegisteredControllers().stream()
            .flatMap(
                controller ->
                    controller
                        .getControllerHealthInfo()
                        .eventSourceHealthIndicators()
                        .entrySet()
                        .stream())
            .filter(source -> !isWatching(source.getValue()))
            .map(Map.Entry::getKey)
            .findFirst();
    var response = HealthCheckResponse.named("connection to the API server").status(cut.isEmpty());
    cut.ifPresent(source -> response.withData("not watching", source));
    return response.build();
  }

  private static boolean isWatching(EventSourceHealthIndicator source) {
    return !(source instanceof InformerWrappingEventSourceHealthIndicator<?> informers)
        || informers.informerHealthIndicators().values().stream()
            .allMatch(InformerHealthIndicator::isWatching);
  }
}
