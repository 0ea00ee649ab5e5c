package dev.apo.worker.train;

/**
 * What filters from the V* table came to.
 *
 * @param neverSolved prompts left out that the reference policy never solved
 * @param alwaysSolved prompts left out that it always solved
 * @param savedResponses responses that as many epochs over all prompts would have cost in addition;
 *     0 where the manifest fixes the steps
 */
public record Filtered(int neverSolved, int alwaysSolved, long savedResponses) {
  /** Prompts left out. */
  public int prompts() {
    return neverSolved + alwaysSolved;
  }

  /** As a sentence says it, e.g. {@code 3 prompts never solved and 1 always solved}. */
  public String words() {
    return neverSolved + " prompts never solved and " + alwaysSolved + " always solved";
  }
}
