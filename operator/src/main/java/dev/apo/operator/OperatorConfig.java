package dev.apo.operator;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** Settings of the operator. */
@ConfigMapping(prefix = "apo")
public interface OperatorConfig {
  /** Image of the training program, where a resource names none. */
  String workerImage();

  /** Name of this replica, for the lease and for Events. */
  String instance();

  /** Namespace of the lease; where the operator runs, if unset. */
  Optional<String> namespace();

  /** Time between two looks at the progress of a stage. */
  @WithDefault("10s")
  Duration progressInterval();

  /** Time that pods have to save their work before they are killed. */
  @WithDefault("5m")
  Duration gracePeriod();
}
