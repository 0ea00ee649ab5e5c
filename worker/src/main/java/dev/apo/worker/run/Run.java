package dev.apo.worker.run;

import dev.apo.worker.StopSignal;
import dev.apo.worker.cost.Memory;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.telemetry.Reporter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** All stages, here, in one process. */
public final class Run {
  private Run() {}

  /** A result and what a person wants to read beside it. */
  public record Outcome(Result result, Stages.Trained trained) {}

  /** Runs or goes on with a manifest. */
  public static Outcome of(
      Manifest manifest,
      Launch launch,
      boolean fresh,
      Consumer<Map<String, Double>> gauges,
      Reporter reporter,
      StopSignal stop) {
    var clock = new StageClock();
    try (Session session =
        fresh
            ? Session.openFresh(manifest, launch, reporter, stop)
            : Session.open(manifest, launch, reporter, stop)) {
      var stages = new Stages(session);
      stages.prepare(fresh);
      clock.finished("prepare");
      Stages.Estimated estimated = stages.estimate(0, 1);
      clock.finished("estimate");
      Stages.Trained trained = stages.train(gauges);
      clock.finished("train");
      double evaluate = trained.state().evaluateSeconds();
      Map<String, Double> seconds = clock.seconds();
      seconds.put("evaluate", evaluate);
      seconds.put("train", Math.max(0, seconds.get("train") - evaluate));
      var storage = session.storage();
      var keys = session.keys();
      var evaluations = trained.state().evaluations();
      var result =
          new Result(
              "Succeeded",
              evaluations.isEmpty() ? null : evaluations.get(0).accuracy(),
              evaluations.isEmpty() ? null : evaluations.get(evaluations.size() - 1).accuracy(),
              storage.uri(keys.model()),
              storage.uri(keys.report()),
              storage.uri(keys.metrics()),
              session.needsValues()
                  ? new Result.VStar(
                      session.plan().key(),
                      storage.uri("vstar/" + session.plan().key()),
                      estimated.reused(),
                      estimated.responsesGenerated())
                  : null,
              trained.filtered(),
              Memory.peakMiB(),
              seconds,
              stages.cost());
      return new Outcome(result, trained);
    }
  }

  /** Wall-clock time by stage. */
  private static final class StageClock {
    private final long start = System.nanoTime();
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private long last = start;

    void finished(String stage) {
      long now = System.nanoTime();
      seconds.put(stage, (now - last) / 1e9);
      last = now;
    }

    Map<String, Double> seconds() {
      seconds.put("total", (last - start) / 1e9);
      return seconds;
    }
  }
}
