package dev.apo.worker.compare;

/**
 * What one method takes to come to where another one ends.
 *
 * @param method the one
 * @param other the other, whose mean accuracy at the end is the target
 * @param there when the one first has that accuracy or a better one; null if it never has
 * @param otherThere when the other first has it: it may rise and fall before its end
 * @param otherSeconds of the other's whole run
 * @param timeRatio of the one's time to the target to the other's whole run; null if never
 * @param firstTimeRatio of the one's time to the target to the other's; null if never
 * @param memoryRatio of the peak memories; null if they are not known
 */
record Duel(
    String method,
    String other,
    double target,
    Point there,
    Point otherThere,
    double otherSeconds,
    Double timeRatio,
    Double firstTimeRatio,
    Double memoryRatio) {

  static Duel of(Method method, Method other) {
    double target = other.accuracy().mean();
    Point there = method.firstAt(target).orElse(null);
    Point otherThere = other.firstAt(target).orElse(null);
    double whole = other.seconds().mean();
    return new Duel(
        method.name(),
        other.name(),
        target,
        there,
        otherThere,
        whole,
        ratio(there, whole),
        otherThere == null ? null : ratio(there, otherThere.seconds()),
        method.peakMemoryMiB() == null || other.peakMemoryMiB() == null
            ? null
            : Double.valueOf(method.peakMemoryMiB().mean() / other.peakMemoryMiB().mean()));
  }

  private static Double ratio(Point there, double seconds) {
    return there == null || seconds == 0 ? null : Double.valueOf(there.seconds() / seconds);
  }
}
