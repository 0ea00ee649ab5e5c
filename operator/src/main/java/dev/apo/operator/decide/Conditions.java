package dev.apo.operator.decide;

import dev.apo.api.v1alpha1.Condition;
import dev.apo.api.v1alpha1.ConditionStatus;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.operator.Sentence;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Merges facts into the conditions that are stored. A condition's time is that of its status. */
final class Conditions {
  /** What the schema allows. */
  private static final int MAX_MESSAGE = 2048;

  private final Map<ConditionType, Condition> conditions = new EnumMap<>(ConditionType.class);
  private final long generation;
  private final Instant now;

  Conditions(List<Condition> old, long generation, Instant now) {
    this.generation = generation;
    this.now = now;
    if (old != null) {
      old.forEach(condition -> conditions.put(condition.type(), condition));
    }
  }

  boolean isTrue(ConditionType type) {
    Condition condition = conditions.get(type);
    return condition != null && condition.status() == ConditionStatus.TRUE;
  }

  String reason(ConditionType type) {
    Condition condition = conditions.get(type);
    return condition == null ? null : condition.reason();
  }

  void holds(ConditionType type, Reason reason, String message) {
    put(type, ConditionStatus.TRUE, reason, message);
  }

  void doesNotHold(ConditionType type, Reason reason, String message) {
    put(type, ConditionStatus.FALSE, reason, message);
  }

  private void put(ConditionType type, ConditionStatus status, Reason reason, String message) {
    Condition old = conditions.get(type);
    String since =
        old != null && old.status() == status ? old.lastTransitionTime() : Times.format(now);
    conditions.put(
        type,
        new Condition(
            type, status, reason.word(), Sentence.cut(message, MAX_MESSAGE), generation, since));
  }

  /** In the order of the types; all are about the present generation. */
  List<Condition> build() {
    return conditions.values().stream()
        .map(
            c ->
                new Condition(
                    c.type(),
                    c.status(),
                    c.reason(),
                    c.message(),
                    generation,
                    c.lastTransitionTime()))
        .toList();
  }
}
