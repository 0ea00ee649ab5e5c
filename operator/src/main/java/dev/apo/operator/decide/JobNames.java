package dev.apo.operator.decide;

import dev.apo.operator.Stage;

/** Names of Jobs. They carry the attempt: whoever creates the same attempt gets a conflict. */
public final class JobNames {
  private JobNames() {}

  /** The name of an attempt's Job; a resource's name has at most 40 characters. */
  public static String of(String training, Stage stage, int attempt) {
    return training + "-" + stage.word() + "-" + attempt;
  }
}
