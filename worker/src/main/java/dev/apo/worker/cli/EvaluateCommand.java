package dev.apo.worker.cli;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.evaluate.Evaluator;
import dev.apo.worker.run.Session;
import dev.apo.worker.train.TrainStage;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code apo evaluate FILE}: accuracy of a model on the manifest's evaluation data. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    description = "Measures a model on the manifest's evaluation data.")
final class EvaluateCommand implements Callable<Integer> {
  @Mixin private ManifestOptions options;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "The model, with its tokenizer (default: the manifest's starting model).")
  private Path model;

  @Override
  public Integer call() {
    try (var around = options.open();
        Session session =
            Session.open(
                model == null ? around.manifest() : around.manifest().withModel(model),
                around.launch(),
                around.reporter(),
                around.stop());
        Replicas replicas = session.loadModel(Trainable.NOTHING)) {
      Evaluator evaluator = TrainStage.evaluator(session);
      if (evaluator == null) {
        throw new ApoException(
            ExitCode.BAD_MANIFEST, "The manifest names no evaluation data; set spec.data.eval.");
      }
      around.reporter().stageStarted("evaluate", evaluator.responses(), "responses");
      Evaluator.Result result =
          evaluator.evaluate(
              replicas,
              done -> {
                around.stop().check();
                around.reporter().advanced(done, Map.of());
              });
      around.reporter().stageFinished(Map.of("accuracy", result.accuracy()));
      System.out.println("accuracy " + result.accuracy());
      return 0;
    }
  }
}
