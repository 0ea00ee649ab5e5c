package dev.apo.worker.compare;

/**
 * An evaluation, and what the run had taken until then; evaluations themselves do not count.
 *
 * @param step training steps done
 * @param seconds wall-clock time
 * @param tokens response tokens sampled
 * @param accuracy on held-out prompts, 0 to 1
 */
record Point(double step, double seconds, double tokens, double accuracy) {
  /** The same evaluation of a run that took some more before its first step. */
  Point after(double moreSeconds, double moreTokens) {
    return new Point(step, seconds + moreSeconds, tokens + moreTokens, accuracy);
  }
}
