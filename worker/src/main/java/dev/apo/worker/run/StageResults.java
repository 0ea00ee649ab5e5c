package dev.apo.worker.run;

import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.api.v1alpha1.EstimateResults;
import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.TrainResults;
import dev.apo.worker.algorithm.ValueEstimate;
import dev.apo.worker.reward.Rewards;
import dev.apo.worker.train.Filtered;
import dev.apo.worker.train.TrainingState;
import dev.apo.worker.vstar.Sample;
import dev.apo.worker.vstar.VStarRow;
import java.util.List;

/** What stages came to, in the API's words: a resource's status is made of them. */
public final class StageResults {
  private final Session session;

  public StageResults(Session session) {
    this.session = session;
  }

  public PrepareResults of(Stages.Prepared prepared) {
    return new PrepareResults(
        prepared.vstarKey(),
        prepared.vstarComplete(),
        prepared.parameters(),
        (long) prepared.prompts(),
        (long) prepared.evalPrompts(),
        (long) prepared.promptsTooLong() + prepared.evalPromptsTooLong());
  }

  /** The table's figures are known to whoever finds it complete, and to nobody before. */
  public EstimateResults of(Stages.Estimated estimated) {
    long responses = estimated.responsesGenerated();
    if (!session.needsValues() || !session.vStarStore().isComplete()) {
      return new EstimateResults(null, responses, null, null, null, null, null, null, null);
    }
    var algorithm = session.spec().algorithm();
    int used =
        algorithm.samplesToUse() == null
            ? session.spec().estimate().samplesPerPrompt()
            : algorithm.samplesToUse();
    var estimate = new ValueEstimate(algorithm.beta1(), used);
    double right = Rewards.right(session.spec().reward());
    List<VStarRow> rows = session.vStarStore().read();
    List<Sample> samples = rows.stream().flatMap(row -> row.samples().stream()).toList();
    return new EstimateResults(
        (long) rows.size(),
        responses,
        samples.stream().mapToDouble(Sample::reward).average().orElse(0),
        rows.stream().mapToDouble(row -> estimate.vStar(rewards(row))).average().orElse(0),
        part(rows, row -> estimate.allIncorrect(rewards(row))),
        part(rows, row -> estimate.allCorrect(right, rewards(row))),
        samples.stream().mapToDouble(Sample::tokens).average().orElse(0),
        samples.stream().mapToDouble(sample -> sample.truncated() ? 1 : 0).average().orElse(0),
        null);
  }

  private static double[] rewards(VStarRow row) {
    return row.samples().stream().mapToDouble(Sample::reward).toArray();
  }

  private static double part(List<VStarRow> rows, java.util.function.Predicate<VStarRow> which) {
    return rows.isEmpty() ? 0 : (double) rows.stream().filter(which).count() / rows.size();
  }

  public TrainResults of(Stages.Trained trained) {
    TrainingState state = trained.state();
    var evaluations = state.evaluations();
    boolean evaluated = !evaluations.isEmpty();
    Filtered filtered = trained.filtered();
    return new TrainResults(
        (long) state.step(),
        null,
        evaluated ? evaluations.get(evaluations.size() - 1).accuracy() : null,
        evaluated ? evaluations.get(0).accuracy() : null,
        evaluated ? state.best().accuracy() : null,
        null,
        null,
        null,
        state.trainSeconds() > 0 ? state.generatedTokens() / state.trainSeconds() : null,
        trained.stoppedEarly(),
        filtered == null ? null : (long) filtered.prompts(),
        filtered == null ? null : filtered.savedResponses());
  }

  /** Where the table is, and after training the model. */
  public Artifacts artifacts(boolean trained) {
    var storage = session.storage();
    String key = session.needsValues() ? session.plan().key() : null;
    return new Artifacts(
        trained ? storage.uri(session.keys().model()) : null,
        trained ? storage.uri(session.keys().metrics()) : null,
        trained ? storage.uri(session.keys().report()) : null,
        key == null ? null : storage.uri("vstar/" + key),
        key);
  }
}
