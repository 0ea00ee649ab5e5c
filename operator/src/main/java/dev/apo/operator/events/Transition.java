package dev.apo.operator.events;

import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.Condition;
import dev.apo.operator.decide.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** Something that happened to a run and that its users may want to read. */
public record Transition(Reason reason, String message) {
  /** Too frequent, or told by another one. */
  private static final Set<Reason> UNTOLD = Set.of(Reason.WAITING, Reason.RUNNING);

  /** What happened between two statuses: each condition that changed its status or reason. */
  public static List<Transition> between(APOTrainingStatus before, APOTrainingStatus after) {
    List<Transition> transitions = new ArrayList<>();
    for (Condition now : after.conditions()) {
      Condition old = find(before, now);
      boolean changed =
          old == null
              || old.status() != now.status()
              || !Objects.equals(old.reason(), now.reason());
      if (!changed) {
        continue;
      }
      Reason reason = reason(now);
      // Failed and Succeeded go together, and a failure is told where it happened.
      boolean told =
          transitions.stream().anyMatch(told0 -> told0.reason() == reason)
              || UNTOLD.contains(reason);
      if (!told) {
        transitions.add(new Transition(reason, String.valueOf(now.message())));
      }
    }
    return List.copyOf(transitions);
  }

  private static Condition find(APOTrainingStatus status, Condition like) {
    if (status == null || status.conditions() == null) {
      return null;
    }
    return status.conditions().stream()
        .filter(condition -> condition.type() == like.type())
        .findFirst()
        .orElse(null);
  }

  private static Reason reason(Condition condition) {
    return Arrays.stream(Reason.values())
        .filter(reason -> reason.word().equals(condition.reason()))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no reason " + condition.reason()));
  }
}
