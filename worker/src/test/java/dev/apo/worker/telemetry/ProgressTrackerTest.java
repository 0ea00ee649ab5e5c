package dev.apo.worker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressTrackerTest {
  private final FakeClock clock = new FakeClock();
  private final Recorder recorder = new Recorder();
  private final ProgressTracker tracker = new ProgressTracker(clock, List.of(recorder));

  @Test
  void tellsViewsWhatTheStageTells() {
    tracker.stageStarted("train", 10, "steps");
    clock.pass(Duration.ofSeconds(2));
    tracker.advanced(4, Map.of("reward", 0.5));
    tracker.message("checkpoint");
    tracker.stageFinished(Map.of("accuracy", 0.7));

    assertThat(recorder.events).containsExactly("started", "advanced", "checkpoint", "finished");
    Progress middle = recorder.progress.get(1);
    assertThat(middle.stage()).isEqualTo("train");
    assertThat(middle.unit()).isEqualTo("steps");
    assertThat(middle.percent()).isEqualTo(40);
    assertThat(middle.perSecond()).isCloseTo(2, within(1e-9));
    assertThat(middle.eta()).contains(Duration.ofSeconds(3));
    assertThat(middle.elapsed()).isEqualTo(Duration.ofSeconds(2));
    assertThat(middle.figures()).containsEntry("reward", 0.5);
    assertThat(middle.time()).isEqualTo(FakeClock.START.plusSeconds(2));
    assertThat(recorder.last().figures()).containsOnlyKeys("accuracy");
  }

  @Test
  void hasNoEtaBeforeItKnowsARate() {
    tracker.stageStarted("train", 10, "steps");
    assertThat(recorder.last().eta()).isEmpty();
  }

  @Test
  void workOfAnEarlierRunIsNotPartOfTheRate() {
    tracker.stageStarted("train", 1000, "steps", 900);
    clock.pass(Duration.ofSeconds(10));
    tracker.advanced(910, Map.of());
    assertThat(recorder.last().perSecond()).isCloseTo(1, within(1e-9));
    assertThat(recorder.last().eta()).contains(Duration.ofSeconds(90));
  }

  @Test
  void forgetsTheRateOfTheStageBefore() {
    tracker.stageStarted("prepare", 10, "rows");
    clock.pass(Duration.ofSeconds(1));
    tracker.advanced(10, Map.of());
    tracker.stageFinished(Map.of());
    tracker.stageStarted("estimate", 10, "prompts");
    assertThat(recorder.last().perSecond()).isZero();
    assertThat(recorder.last().done()).isZero();
  }

  @Test
  void rateFollowsAChange() {
    SmoothedRate rate = new SmoothedRate(60);
    for (int i = 0; i < 60; i++) {
      rate.add(10, 1);
    }
    assertThat(rate.perSecond()).isCloseTo(10, within(1e-9));
    for (int i = 0; i < 300; i++) {
      rate.add(1, 1);
    }
    assertThat(rate.perSecond()).isBetween(1.0, 1.2);
  }

  @Test
  void aClockThatIsSetBackDoesNoHarm() {
    SmoothedRate rate = new SmoothedRate(60);
    rate.add(1, -100);
    assertThat(rate.perSecond()).isZero();
    rate.add(1, 1);
    assertThat(rate.perSecond()).isPositive().isFinite();
  }

  @Test
  void anEmptyStageIsComplete() {
    tracker.stageStarted("estimate", 0, "prompts");
    assertThat(recorder.last().percent()).isEqualTo(100);
    assertThat(recorder.last().eta()).contains(Duration.ZERO);
  }

  @Test
  void refusesProgressOutsideAStage() {
    assertThatIllegalStateException().isThrownBy(() -> tracker.advanced(1, Map.of()));
    assertThatIllegalStateException().isThrownBy(() -> tracker.stageFinished(Map.of()));
    assertThatIllegalStateException().isThrownBy(() -> tracker.partStarted("evaluate", 1, "x"));
    assertThatIllegalStateException().isThrownBy(() -> tracker.partAdvanced(1));
  }

  @Test
  void tellsPeopleWhatTheWorkWaitsForAndThatItGoesOn() {
    tracker.waiting("Waiting for storage.");
    tracker.goingOn("Storage answers again.");
    assertThat(recorder.events).containsExactly("Waiting for storage.", "Storage answers again.");
  }

  @Test
  void silenceAcceptsEverything() {
    Reporter.SILENT.waiting("for storage");
    Reporter.SILENT.goingOn("it is there");
    Reporter.SILENT.stageStarted("train", 1, "steps");
    Reporter.SILENT.advanced(1, Map.of());
    Reporter.SILENT.message("done");
    Reporter.SILENT.partStarted("evaluate", 1, "responses");
    Reporter.SILENT.partAdvanced(1);
    Reporter.SILENT.partFinished();
    Reporter.SILENT.stageFinished(Map.of());
  }

  private static final class Recorder implements ProgressView {
    private final List<String> events = new ArrayList<>();
    private final List<Progress> progress = new ArrayList<>();

    Progress last() {
      return progress.get(progress.size() - 1);
    }

    @Override
    public void started(Progress now) {
      record("started", now);
    }

    @Override
    public void advanced(Progress now) {
      record("advanced", now);
    }

    @Override
    public void finished(Progress now) {
      record("finished", now);
    }

    @Override
    public void message(Instant time, String text) {
      events.add(text);
    }

    private void record(String event, Progress now) {
      events.add(event);
      progress.add(now);
    }
  }
}
