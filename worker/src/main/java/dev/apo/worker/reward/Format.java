package dev.apo.worker.reward;

import com.google.re2j.Pattern;
import java.util.Objects;

/**
 * 1 if a pattern is found in the response, else 0. The pattern is one of RE2, whose time is linear
 * in the response, so that no response can hang the run.
 */
final class Format implements LocalReward {
  private final Pattern pattern;

  /**
   * @throws com.google.re2j.PatternSyntaxException if it is no regular expression of RE2
   */
  Format(String pattern) {
    this.pattern = Pattern.compile(Objects.requireNonNull(pattern), Pattern.DOTALL);
  }

  @Override
  public String id() {
    // The length keeps patterns apart that would read the same when joined.
    return "format-" + pattern.pattern().length() + "-" + pattern.pattern();
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double score(Candidate candidate) {
    return pattern.matcher(candidate.response()).find() ? 1 : 0;
  }
}
