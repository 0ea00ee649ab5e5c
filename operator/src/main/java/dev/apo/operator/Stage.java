package dev.apo.operator;

import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The stages of a run, in their order. Each is one Job, and one command of the worker. */
public enum Stage {
  /** Checks everything that the manifest names; no GPU. */
  PREPARE(ConditionType.PREPARED, Phase.PREPARING),
  /** Samples the reference policy, one shard a pod. */
  ESTIMATE(ConditionType.VALUE_ESTIMATED, Phase.ESTIMATING),
  /** Trains and exports the model. */
  TRAIN(ConditionType.TRAINED, Phase.TRAINING);

  private final ConditionType condition;
  private final Phase phase;

  Stage(ConditionType condition, Phase phase) {
    this.condition = condition;
    this.phase = phase;
  }

  /** Its name in commands, labels and names of Jobs. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The condition that holds once the stage is complete. */
  public ConditionType condition() {
    return condition;
  }

  /** The phase of a run that is in this stage. */
  public Phase phase() {
    return phase;
  }

  /** The stage of that name, if there is one. */
  public static Optional<Stage> of(String word) {
    return Arrays.stream(values()).filter(stage -> stage.word().equals(word)).findFirst();
  }
}
