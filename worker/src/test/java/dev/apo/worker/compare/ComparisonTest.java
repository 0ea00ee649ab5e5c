package dev.apo.worker.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final FinishedRun PPO = Runs.of("ppo-seed-1", 1, 0.5, 0.8, 0.9);

  @Test
  void runsThatDifferInTheirSeedAreOneMethod() {
    Comparison comparison =
        Comparison.of(
            List.of(
                Runs.of("apo-seed-1", 1, 0.5, 0.9),
                PPO,
                Runs.of("apo-seed-2", 2, 0.5, 0.7),
                Runs.of("other", 3, 0.5, 0.6)));

    assertThat(Runs.names(comparison)).containsExactly("apo", "ppo", "other");
    Method apo = comparison.methods().get(0);
    assertThat(apo.seeds()).containsExactly(1L, 2L);
    assertThat(apo.accuracy().mean()).isCloseTo(0.8, within(1e-12));
    assertThat(apo.curve().get(1)).isEqualTo(new Point(10, 5, 100, 0.8));
    assertThat(apo.runs()).hasSize(2);
  }

  @Test
  void everyRunPaysForItsTableAlsoOneThatFoundIt() {
    Comparison comparison =
        Comparison.of(
            List.of(
                Runs.withTable(Runs.of("apo-seed-1", 1, 0.5, 0.9), "key", new TableCost(0, 400, 0)),
                Runs.withTable(
                    Runs.of("apo-seed-2", 2, 0.5, 0.9), "key", new TableCost(3, 400, 150))));

    Method apo = comparison.methods().get(0);
    assertThat(apo.estimateSeconds()).isEqualTo(3);
    assertThat(apo.seconds()).isEqualTo(new Estimate(8, 0.0));
    assertThat(apo.tokens()).isEqualTo(new Estimate(500, 0.0));
    assertThat(apo.peakMemoryMiB()).isEqualTo(new Estimate(150, 0.0));
    assertThat(apo.curve().get(0)).isEqualTo(new Point(0, 3, 400, 0.5));
  }

  @Test
  void theTimeOfATableThatNobodySampledIsNotKnown() {
    Comparison comparison =
        Comparison.of(
            List.of(
                Runs.withTable(
                    Runs.of("apo-seed-1", 1, 0.5, 0.9), "key", new TableCost(0, 400, 0))));

    assertThat(comparison.methods().get(0).estimateSeconds()).isNull();
    assertThat(TextTable.of(comparison)).contains("> 5.0");
  }

  @Test
  void aRunThatStoppedEarlyKeepsItsOwnEnd() {
    Comparison comparison =
        Comparison.of(
            List.of(Runs.of("apo-seed-1", 1, 0.5, 0.7, 0.8), Runs.of("apo-seed-2", 2, 0.5, 0.6)));

    Method apo = comparison.methods().get(0);
    assertThat(apo.accuracy().mean()).isCloseTo(0.7, within(1e-12));
    assertThat(apo.curve()).extracting(Point::step).containsExactly(0.0, 10.0);
  }

  @Test
  void theTimeToAnAccuracyIsThatOfTheFirstEvaluationThere() {
    FinishedRun apo =
        Runs.withPeak(
            Runs.withTable(
                Runs.of("apo-seed-1", 1, 0.5, 0.9, 0.85, 0.95), "key", new TableCost(1, 0, 0)),
            70.0);

    Duel duel = Comparison.of(List.of(apo, PPO)).duels().get(0);

    assertThat(duel.target()).isEqualTo(0.9);
    assertThat(duel.there().step()).isEqualTo(10);
    assertThat(duel.there().seconds()).isEqualTo(6);
    assertThat(duel.timeRatio()).isCloseTo(0.6, within(1e-12));
    assertThat(duel.memoryRatio()).isCloseTo(0.7, within(1e-12));
  }

  @Test
  void theOtherMayHaveBeenThereBeforeItsEnd() {
    FinishedRun other = Runs.of("ppo-seed-1", 1, 0.5, 0.9, 0.95, 0.9);

    Duel duel = Comparison.of(List.of(Runs.of("apo-seed-1", 1, 0.5, 0.9), other)).duels().get(0);

    assertThat(duel.timeRatio()).isCloseTo(5.0 / 15, within(1e-12));
    assertThat(duel.firstTimeRatio()).isEqualTo(1);
  }

  @Test
  void whatIsNeverReachedHasNoRatio() {
    Duel duel = Comparison.of(List.of(Runs.of("apo-seed-1", 1, 0.5, 0.6), PPO)).duels().get(0);

    assertThat(duel.there()).isNull();
    assertThat(duel.timeRatio()).isNull();
    assertThat(TextTable.sentence(duel))
        .isEqualTo("apo does not reach ppo's final accuracy of 0.900; peak memory 1.00 of ppo's.");
  }

  @Test
  void theTableHasALineForEachMethod() {
    Comparison comparison =
        Comparison.of(
            List.of(
                Runs.withPeak(Runs.of("apo-seed-1", 1, 0.5, 0.9, 0.95), null),
                PPO,
                Runs.of("ppo-seed-2", 2, 0.5, 0.8, 0.9)));

    assertThat(TextTable.of(comparison))
        .isEqualTo(
            """
            method   seeds      time s  memory MiB           KL       accuracy   tokens  steps
            (start)                                           0          0.500
            apo          1        10.0           –         0.50          0.950      200     20
            ppo          2  10.0 ± 0.0     100 ± 0  0.50 ± 0.00  0.900 ± 0.000  200 ± 0     20

            apo reaches ppo's final accuracy of 0.900 in 5.0 s: 0.50 of ppo's 10.0 s, and 0.50 of the 10.0 s until it is there first.
            """);
  }
}
