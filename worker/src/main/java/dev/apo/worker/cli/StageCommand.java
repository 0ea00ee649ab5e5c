package dev.apo.worker.cli;

import dev.apo.worker.run.Session;
import dev.apo.worker.run.StageResults;
import dev.apo.worker.run.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** One stage by itself: what a Job on a cluster calls. */
abstract class StageCommand implements Callable<Integer> {
  @Mixin private ManifestOptions options;

  /** Does the stage's work and leaves its last word. */
  abstract void run(Stages stages, ManifestOptions.Surroundings around, Session session);

  @Override
  public Integer call() {
    try (var around = options.open();
        Session session =
            Session.open(around.manifest(), around.launch(), around.reporter(), around.stop())) {
      run(new Stages(session), around, session);
    }
    return 0;
  }

  @Command(
      name = "prepare",
      mixinStandardHelpOptions = true,
      description = "Checks everything that the manifest names, before a GPU is taken.")
  static final class Prepare extends StageCommand {
    @Override
    void run(Stages stages, ManifestOptions.Surroundings around, Session session) {
      Stages.Prepared prepared = stages.prepare(false);
      System.out.println(
          prepared.prompts()
              + " prompts to train on, "
              + prepared.evalPrompts()
              + " to evaluate on, "
              + prepared.parameters()
              + " parameters; "
              + table(prepared));
      var results = new StageResults(session);
      TerminationMessage.success(results.of(prepared), results.artifacts(false));
    }

    private static String table(Stages.Prepared prepared) {
      if (prepared.vstarKey() == null) {
        return "no V* table is needed.";
      }
      return "V* table "
          + prepared.vstarKey()
          + (prepared.vstarComplete() ? " is there." : " is to be sampled.");
    }
  }

  @Command(
      name = "estimate",
      mixinStandardHelpOptions = true,
      description =
          "Samples the V* table; JOB_COMPLETION_INDEX says which of the manifest's shards.")
  static final class Estimate extends StageCommand {
    @Override
    void run(Stages stages, ManifestOptions.Surroundings around, Session session) {
      boolean sharded = System.getenv("JOB_COMPLETION_INDEX") != null;
      Stages.Estimated estimated =
          stages.estimate(
              sharded ? around.launch().shard() : 0,
              sharded ? session.spec().estimate().shards() : 1);
      var results = new StageResults(session);
      TerminationMessage.success(results.of(estimated), results.artifacts(false));
    }
  }

  @Command(
      name = "train",
      mixinStandardHelpOptions = true,
      description = "Trains from the newest checkpoint on and exports the model.")
  static final class Train extends StageCommand {
    @Override
    void run(Stages stages, ManifestOptions.Surroundings around, Session session) {
      Stages.Trained trained = stages.train(around.gauges());
      System.out.println("model     " + session.storage().uri(session.keys().model()));
      System.out.println("report    " + session.storage().uri(session.keys().report()));
      var results = new StageResults(session);
      TerminationMessage.success(results.of(trained), results.artifacts(true));
    }
  }
}
