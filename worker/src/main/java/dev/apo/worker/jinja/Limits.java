package dev.apo.worker.jinja;

/** Ends templates that would never end: they come with a model, from anybody. */
final class Limits {
  private static final int MAX_ROUNDS = 100_000;
  private static final int MAX_CHARACTERS = 1 << 24;

  private int rounds;

  /** Counts a round of a loop or a call of a macro. */
  void count() {
    if (++rounds > MAX_ROUNDS) {
      throw new TemplateException("loops have more than " + MAX_ROUNDS + " rounds");
    }
  }

  static void checkLength(long characters) {
    if (characters > MAX_CHARACTERS) {
      throw new TemplateException("a text has more than " + MAX_CHARACTERS + " characters");
    }
  }
}
