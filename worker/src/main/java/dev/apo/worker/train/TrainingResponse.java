package dev.apo.worker.train;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A response that was trained on, as a person reads it in {@code rollouts.jsonl} and in the report.
 * Figures that an algorithm does not have are null.
 */
final class TrainingResponse {
  /** So many of a run's responses are kept, about, however long it is. */
  private static final int KEPT_OF_A_RUN = 2000;

  private static final int KEPT_OF_A_STEP = 16;

  private TrainingResponse() {}

  /**
   * How many responses of a step are kept: as many of each step, or one every so many steps.
   *
   * @param step from 1
   * @param steps in all
   */
  static int kept(int step, int steps) {
    if (steps > KEPT_OF_A_RUN) {
      int every = (steps + KEPT_OF_A_RUN - 1) / KEPT_OF_A_RUN;
      return step % every == 0 ? 1 : 0;
    }
    return Math.min(KEPT_OF_A_STEP, KEPT_OF_A_RUN / steps);
  }

  /**
   * @param advantage null if the update gave it among its figures, if at all
   * @param figures of this response, by metric key, as the update gave them
   */
  static Map<String, Object> of(Rollout rollout, Double advantage, Map<String, Double> figures) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("row", rollout.prompt().row());
    line.put("prompt", rollout.prompt().text());
    line.put("response", rollout.response());
    line.put("answer", rollout.prompt().answer());
    line.put("tokens", rollout.sequence().responseLength());
    line.put("truncated", rollout.truncated());
    line.put("reward", number(rollout.reward()));
    line.put("vStar", number(rollout.vStar()));
    line.put("advantage", number(advantage == null ? figures.get("critic/advantages") : advantage));
    line.put("logRatio", number(figures.get(PolicyUpdate.LOG_RATIO)));
    return line;
  }

  private static Double number(Double figure) {
    return figure != null && Double.isFinite(figure) ? figure : null;
  }
}
