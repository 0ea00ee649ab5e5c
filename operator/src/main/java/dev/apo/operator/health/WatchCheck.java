package dev.apo.operator.health;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** Liveness: down when the watch of resources has died without saying so. */
@Liveness
@Singleton
public final class WatchCheck implements HealthCheck {
  private final Echoes<ResourceID> echoes = new Echoes<>(Clock.systemUTC(), Duration.ofSeconds(60));
  private volatile Function<ResourceID, String> cache = id -> null;

  /** Where written resources come back to: the version of each that is there. */
  public void of(Function<ResourceID, String> versions) {
    cache = versions;
  }

  /** See {@link Echoes#written}. */
  public void written(ResourceID id, String version) {
    echoes.written(id, version);
  }

  @Override
  public HealthCheckResponse call() {
    Optional<ResourceID> silent = echoes.silent(cache);
    var response = HealthCheckResponse.named("watch").status(silent.isEmpty());
    silent.ifPresent(id -> response.withData("not seen again", id.toString()));
    return response.build();
  }
}
