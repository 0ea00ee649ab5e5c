package dev.apo.operator.decide;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Points in time as Kubernetes writes them: to the second, in UTC. */
final class Times {
  private Times() {}

  static Instant parse(String time) {
    return time == null ? null : Instant.parse(time);
  }

  static String format(Instant time) {
    return time == null ? null : time.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Up to the next full second, so that what is stored is never before {@code time}. */
  static Instant ceiling(Instant time) {
    Instant second = time.truncatedTo(ChronoUnit.SECONDS);
    return second.equals(time) ? time : second.plusSeconds(1);
  }
}
