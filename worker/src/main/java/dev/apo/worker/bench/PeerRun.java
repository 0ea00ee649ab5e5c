package dev.apo.worker.bench;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmSpec;
import dev.apo.api.v1alpha1.AlgorithmType;
import dev.apo.api.v1alpha1.GrpoVariant;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.manifest.Manifest;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Has the peer do a manifest's work: bench/peer.py's arguments for the same data and settings. */
final class PeerRun {
  private PeerRun() {}

  /**
   * @param out where the peer may write
   * @throws ApoException if the peer cannot do the same
   */
  static String[] arguments(Manifest manifest, Path out) {
    APOTrainingSpec spec = manifest.spec();
    if (spec.train().steps() == null || spec.data().eval() == null) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST, "A comparison needs spec.train.steps and spec.data.eval.");
    }
    int prompts = spec.train().batchSize();
    int responses = responses(spec);
    var all = new ArrayList<String>();
    all.add(command(spec.algorithm()));
    all.addAll(List.of("--model", local(manifest, spec.model().uri())));
    all.addAll(List.of("--data", local(manifest, spec.data().train().uri())));
    all.addAll(List.of("--eval-data", local(manifest, spec.data().eval().uri())));
    all.addAll(List.of("--out", out.toString()));
    all.addAll(List.of("--batch", "" + prompts * (isGrpo(spec) ? responses : 1)));
    all.addAll(List.of("--steps", "" + spec.train().steps()));
    all.addAll(List.of("--samples", "" + responses));
    all.addAll(List.of("--new-tokens", "" + spec.sampling().maxNewTokens()));
    all.addAll(List.of("--lr", "" + spec.train().learningRate()));
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

  private static String local(Manifest manifest, String uri) {
    return Path.of(URI.create(manifest.resolve(uri))).toString();
  }
}
