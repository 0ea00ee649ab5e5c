package dev.apo.worker.reward;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The GSM8K scorer of A*-PO (arXiv 2505.20686) and verl: 1 if the number that is extracted from the
 * response is, as a string, the answer's number; else 0. So {@code 42.0} is not {@code 42}.
 *
 * <p>The answer is either a worked solution of the data set, whose number follows {@code "#### "},
 * or that number alone. Its commas are dropped.
 */
public record Gsm8k(Extraction extraction) implements LocalReward {
  private static final Pattern NUMBER = Pattern.compile("-?[0-9.,]+");
  private static final Pattern MARKED_NUMBER = Pattern.compile("#### (-?[0-9.,]+)");
  private static final Pattern DIGIT = Pattern.compile("[0-9]");

  /** How the number is found in a response. */
  public enum Extraction {
    /** The first number that follows {@code "#### "} (exactly one space), without its commas. */
    STRICT {
      @Override
      public Optional<String> extract(String text) {
        return markedNumber(text);
      }
    },
    /** The last number anywhere, commas and all; a lone {@code "."} is not a number. */
    FLEXIBLE {
      @Override
      public Optional<String> extract(String text) {
        String last = null;
        Matcher numbers = NUMBER.matcher(text);
        while (numbers.find()) {
          if (!numbers.group().equals(".")) {
            last = numbers.group();
          }
        }
        return Optional.ofNullable(last);
      }
    };

    /** The number in the text, or empty if there is none. */
    public abstract Optional<String> extract(String text);
  }

  @Override
  public String id() {
    return "gsm8k-" + extraction.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double score(Candidate candidate) {
    String expected = number(candidate.answer());
    return extraction.extract(candidate.response()).filter(expected::equals).isPresent() ? 1 : 0;
  }

  @Override
  public void checkAnswer(String answer) {
    number(answer);
  }

  @Override
  public String groundTruth(String answer) {
    return number(answer);
  }

  private static String number(String answer) {
    Optional<String> number =
        answer.contains("####") ? markedNumber(answer) : loneNumber(answer.strip());
    return number
        .filter(n -> DIGIT.matcher(n).find())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    answer.contains("####")
                        ? "there is no number after \"#### \""
                        : "it is neither a number nor a solution with its number after \"#### \""));
  }

  private static Optional<String> markedNumber(String text) {
    Matcher marked = MARKED_NUMBER.matcher(text);
    return marked.find() ? Optional.of(withoutCommas(marked.group(1))) : Optional.empty();
  }

  private static Optional<String> loneNumber(String text) {
    return NUMBER.matcher(text).matches() ? Optional.of(withoutCommas(text)) : Optional.empty();
  }

  private static String withoutCommas(String number) {
    return number.replace(",", "");
  }
}
