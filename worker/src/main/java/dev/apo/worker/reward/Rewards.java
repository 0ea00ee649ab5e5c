package dev.apo.worker.reward;

import com.google.re2j.PatternSyntaxException;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.ExtractionMethod;
import dev.apo.api.v1alpha1.FormatSpec;
import dev.apo.api.v1alpha1.HttpRewardSpec;
import dev.apo.api.v1alpha1.Preset;
import dev.apo.api.v1alpha1.RewardSpec;
import dev.apo.api.v1alpha1.RewardTermSpec;
import dev.apo.api.v1alpha1.RewardType;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.reward.Gsm8k.Extraction;
import dev.apo.worker.storage.Backoff;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The scorers of a run.
 *
 * @param estimate scores the responses from which V* is estimated
 * @param train scores the responses of training
 * @param accuracy scores the responses of evaluation: without weights, further terms, and rewards
 *     for the mere form of an answer
 */
public record Rewards(Reward estimate, Reward train, Reward accuracy) {
  /** What Countdown and Arithmetic give for a wrong answer of the right form, as TinyZero does. */
  private static final double FOR_FORM = 0.1;

  /** One scorer for everything, so that V* and the rewards it is compared with mean the same. */
  static Rewards same(Reward reward) {
    return new Rewards(reward, reward, reward);
  }

  /** What the released code of A*-PO does: another scorer for V* than for all else. */
  private static Rewards official(Reward estimate, LocalReward train) {
    var onPromptToo = new PromptAndResponse(train);
    return new Rewards(estimate, onPromptToo, onPromptToo);
  }

  /**
   * The scorers that a manifest names.
   *
   * @param token for a reward service, or null
   * @throws ApoException BAD_MANIFEST if a pattern is no regular expression
   */
  public static Rewards of(APOTrainingSpec spec, String token) {
    RewardSpec reward = spec.reward();
    Rewards main = main(spec, token);
    List<WeightedSum.Term> further = new ArrayList<>();
    if (reward.also() != null) {
      for (RewardTermSpec term : reward.also()) {
        further.add(
            new WeightedSum.Term(
                term.weight(), scorer(term.type(), term.method(), term.http(), token)));
      }
    }
    if (reward.overlong() != null) {
      further.add(
          new WeightedSum.Term(
              reward.overlong().penalty(),
              new Overlong(spec.sampling().maxNewTokens(), reward.overlong().bufferTokens())));
    }
    if (reward.format() != null) {
      for (int i = 0; i < reward.format().size(); i++) {
        FormatSpec format = reward.format().get(i);
        further.add(new WeightedSum.Term(format.bonus(), format(i, format.pattern())));
      }
    }
    double weight = right(reward);
    return new Rewards(
        sum(weight, main.estimate(), further), sum(weight, main.train(), further), main.accuracy());
  }

  /** What a right response gets in training from the main scorer alone. */
  public static double right(RewardSpec reward) {
    return reward.weight() == null ? 1 : reward.weight();
  }

  /** A reward by itself keeps its own id, so that its V* tables stay what they are. */
  private static Reward sum(double weight, Reward main, List<WeightedSum.Term> further) {
    if (weight == 1 && further.isEmpty()) {
      return main;
    }
    List<WeightedSum.Term> terms = new ArrayList<>();
    terms.add(new WeightedSum.Term(weight, main));
    terms.addAll(further);
    return new WeightedSum(List.copyOf(terms));
  }

  private static Rewards main(APOTrainingSpec spec, String token) {
    RewardSpec reward = spec.reward();
    boolean official = spec.preset() == Preset.OFFICIAL;
    if (official && reward.type() == RewardType.GSM8K) {
      return official(new Gsm8k(Extraction.FLEXIBLE), new Gsm8k(Extraction.STRICT));
    }
    if (official && reward.type() == RewardType.MATH) {
      return official(new MathReward(false), new MathReward(true));
    }
    Reward scorer = scorer(reward.type(), reward.method(), reward.http(), token);
    return switch (reward.type()) {
      case COUNTDOWN -> new Rewards(scorer, scorer, new Countdown(0));
      case ARITHMETIC -> new Rewards(scorer, scorer, new Arithmetic(0));
      default -> same(scorer);
    };
  }

  private static Reward scorer(
      RewardType type, ExtractionMethod method, HttpRewardSpec http, String token) {
    return switch (type) {
      case EXACT_MATCH -> new ExactMatch();
      case GSM8K ->
          new Gsm8k(method == ExtractionMethod.FLEXIBLE ? Extraction.FLEXIBLE : Extraction.STRICT);
      case MATH -> new MathReward(false);
      case SYMBOLIC_MATH -> new SymbolicMath();
      case COUNTDOWN -> new Countdown(FOR_FORM);
      case ARITHMETIC -> new Arithmetic(FOR_FORM);
      case HTTP ->
          new HttpReward(
              new HttpReward.Settings(
                  http.url(),
                  http.version(),
                  Duration.ofSeconds(http.timeoutSeconds()),
                  http.batchSize(),
                  http.parallelism()),
              token,
              Backoff.ofAttempts(http.maxRetries() + 1));
    };
  }

  private static Reward format(int index, String pattern) {
    try {
      return new Format(pattern);
    } catch (PatternSyntaxException e) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "spec.reward.format[%d].pattern is no regular expression of RE2: %s."
              .formatted(index, e.getMessage()),
          e);
    }
  }
}
