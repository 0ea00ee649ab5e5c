package dev.apo.worker.telemetry;

import java.util.Map;

/** What a stage tells about its progress. One stage runs at a time. */
public interface Reporter {
  /** Tells nobody. */
  Reporter SILENT =
      new Reporter() {
        @Override
        public void stageStarted(String stage, long total, String unit, long alreadyDone) {}

        @Override
        public void advanced(long done, Map<String, Double> headline) {}

        @Override
        public void partStarted(String part, long total, String unit) {}

        @Override
        public void partAdvanced(long done) {}

        @Override
        public void partFinished() {}

        @Override
        public void stageFinished(Map<String, Double> summary) {}

        @Override
        public void message(String text) {}

        @Override
        public void waiting(String sentence) {}

        @Override
        public void goingOn(String sentence) {}
      };

  /**
   * A stage begins.
   *
   * @param stage its name, e.g. {@code estimate}
   * @param total the work in units, with what is already done
   * @param unit what is counted, in the plural, e.g. {@code prompts}
   * @param alreadyDone what an earlier run of the stage has done: not part of this one's rate
   */
  void stageStarted(String stage, long total, String unit, long alreadyDone);

  /** A stage begins from nothing. */
  default void stageStarted(String stage, long total, String unit) {
    stageStarted(stage, total, unit, 0);
  }

  /**
   * The stage got on.
   *
   * @param done all units that are done by now
   * @param headline the few figures that people watch, e.g. {@code reward}, in the order to show
   */
  void advanced(long done, Map<String, Double> headline);

  /**
   * The stage is busy with something that takes its own time, and stands still meanwhile.
   *
   * @param part its name, e.g. {@code evaluate}
   * @param total the work in units
   * @param unit what is counted, in the plural
   */
  void partStarted(String part, long total, String unit);

  /** The part got on: all of its units that are done by now. */
  void partAdvanced(long done);

  /** The part is over; the stage goes on. */
  void partFinished();

  /** The stage is complete; the figures sum it up. */
  void stageFinished(Map<String, Double> summary);

  /** One line for people, e.g. that V* was found and nothing need be sampled. */
  void message(String text);

  /** The work stands still: since when, and for what it waits. */
  void waiting(String sentence);

  /** What was waited for is there. */
  void goingOn(String sentence);
}
