package dev.apo.worker.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The training program with a signal that it sends itself, at the very moment when it has told of
 * something: {@code SIGNAL COUNT PATTERN ARGUMENTS…} sends the signal when the count-th line on
 * standard error that matches the pattern is out. Nothing happens in between, so that a test stops
 * the same work each time.
 */
final class SelfStopping {
  private SelfStopping() {}

  public static void main(String[] args) {
    var trigger = new Trigger(args[0], Integer.parseInt(args[1]), Pattern.compile(args[2]));
    System.setErr(trigger);
    Apo.main(Arrays.copyOfRange(args, 3, args.length));
  }

  private static final class Trigger extends PrintStream {
    private final String signal;
    private final Pattern pattern;
    private int left;

    Trigger(String signal, int count, Pattern pattern) {
      super(System.err, true);
      this.signal = signal;
      this.left = count;
      this.pattern = pattern;
    }

    @Override
    public void println(String line) {
      super.println(line);
      if (pattern.matcher(line).find() && --left == 0) {
        send();
      }
    }

    private void send() {
      String pid = Long.toString(ProcessHandle.current().pid());
      try {
        new ProcessBuilder("kill", "-" + signal, pid).start().waitFor();
        while (!isNoticed()) {
          Thread.sleep(1);
        }
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Whether the program waits for its work now; SIGKILL never lets it come to that. */
    private static boolean isNoticed() {
      return Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread.getName().equals("stop-signal"))
          .anyMatch(thread -> thread.getState() == Thread.State.TIMED_WAITING);
    }
  }
}
