package dev.apo.worker.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmSpec;
import dev.apo.api.v1alpha1.AlgorithmType;
import dev.apo.api.v1alpha1.GrpoVariant;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.PromptSet;
import dev.apo.worker.run.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Has the peer do a manifest's work: bench/peer.py's arguments for the same data and settings. */
final class PeerRun {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TRAIN = "train.jsonl";
  private static final String EVAL = "eval.jsonl";

  private PeerRun() {}

  /**
   * Writes the prompts, as the model reads them, for the peer.
   *
   * @param directory where the peer may write
   * @throws ApoException if the peer cannot do the same
   */
  static String[] prepare(Session session, Path directory) throws IOException {
    String[] arguments = arguments(session.spec(), session.model().path(), directory);
    Files.createDirectories(directory);
    write(directory.resolve(TRAIN), session.train());
    write(directory.resolve(EVAL), session.eval());
    return arguments;
  }

  private static void write(Path file, PromptSet prompts) throws IOException {
    var lines = new StringBuilder();
    for (Prompt prompt : prompts.prompts()) {
      var row = Map.of("prompt", prompt.text(), "answer", prompt.answer());
      lines.append(JSON.writeValueAsString(row)).append('\n');
    }
    Files.writeString(file, lines);
  }

  static String[] arguments(APOTrainingSpec spec, Path model, Path directory) {
    if (spec.train().steps() == null || spec.data().eval() == null) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST, "A comparison needs spec.train.steps and spec.data.eval.");
    }
    int prompts = spec.train().batchSize();
    int responses = responses(spec);
    var all = new ArrayList<String>();
    all.add(command(spec.algorithm()));
    all.addAll(List.of("--model", model.toString()));
    all.addAll(List.of("--dtype", spec.train().precision().name().toLowerCase(Locale.ROOT)));
    all.addAll(List.of("--data", directory.resolve(TRAIN).toString()));
    all.addAll(List.of("--eval-data", directory.resolve(EVAL).toString()));
    all.addAll(List.of("--out", directory.resolve("out").toString()));
    all.addAll(List.of("--batch", "" + prompts * (isGrpo(spec) ? responses : 1)));
    all.addAll(List.of("--steps", "" + spec.train().steps()));
    all.addAll(List.of("--samples", "" + responses));
    all.addAll(List.of("--new-tokens", "" + spec.sampling().maxNewTokens()));
    all.addAll(List.of("--lr", "" + spec.train().learningRate()));
    all.addAll(List.of("--seed", "" + spec.train().seed()));
    all.addAll(List.of("--beta1", "" + spec.algorithm().beta1()));
    all.addAll(List.of("--beta2", "" + klCoefficient(spec.algorithm())));
    return all.toArray(String[]::new);
  }

  private static String command(AlgorithmSpec algorithm) {
    boolean grpo =
        algorithm.type() == AlgorithmType.GRPO && algorithm.grpo().variant() == GrpoVariant.GRPO;
    if (algorithm.type() != AlgorithmType.APO && !grpo) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "spec.algorithm: the peer can be run with APO and GRPO only; leave --peer out.");
    }
    return grpo ? "grpo" : "a2po";
  }

  private static boolean isGrpo(APOTrainingSpec spec) {
    return spec.algorithm().type() == AlgorithmType.GRPO;
  }

  private static int responses(APOTrainingSpec spec) {
    return isGrpo(spec)
        ? spec.algorithm().grpo().responsesPerPrompt()
        : spec.estimate().samplesPerPrompt();
  }

  /** What weighs the KL divergence to the reference policy: beta2, or GRPO's coefficient. */
  private static double klCoefficient(AlgorithmSpec algorithm) {
    if (algorithm.type() == AlgorithmType.APO) {
      return algorithm.beta2();
    }
    if (algorithm.grpo().klCoefficient() == null) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST, "A comparison of GRPO needs spec.algorithm.grpo.klCoefficient.");
    }
    return algorithm.grpo().klCoefficient();
  }
}
