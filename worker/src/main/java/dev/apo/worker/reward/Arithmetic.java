package dev.apo.worker.reward;

import java.math.BigInteger;
import java.util.regex.Pattern;

/**
 * For problems whose answer is a whole number, such as a product: 1 if the last {@code
 * <answer>…</answer>} of the last line holds it; a part of that for another whole number, since it
 * has the form; else 0. So {@code +042} is {@code 42}, and {@code 1,000} is none.
 *
 * @param forForm the reward of a wrong number
 */
record Arithmetic(double forForm) implements LocalReward {
  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,1000}");

  @Override
  public String id() {
    return "arithmetic-" + forForm;
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double score(Candidate candidate) {
    BigInteger answer = new BigInteger(candidate.answer().strip());
    return AnswerTag.last(candidate.response())
        .filter(text -> WHOLE.matcher(text).matches())
        .map(number -> new BigInteger(number).equals(answer) ? 1 : forForm)
        .orElse(0.0);
  }

  @Override
  public void checkAnswer(String answer) {
    if (!WHOLE.matcher(answer.strip()).matches()) {
      throw new IllegalArgumentException("it is not a whole number");
    }
  }
}
