package dev.apo.worker.run;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An address with asterisks: {@code *} stands for anything within a name, {@code **} for any number
 * of folders. As in a shell, neither stands for a name that begins with a dot.
 *
 * @param directory address of the folder where names begin to differ
 * @param names of the files below it
 * @param depth how many folders and names they have at most
 */
record Glob(String directory, Pattern names, int depth) {
  private static final String NOT_HIDDEN = "(?![.])";

  static boolean isOne(String uri) {
    return uri.contains("*");
  }

  static Glob of(String uri) {
    int slash = uri.lastIndexOf('/', uri.indexOf('*'));
    var names = new StringBuilder();
    int depth = 0;
    String[] segments = uri.substring(slash + 1).split("/");
    for (int i = 0; i < segments.length; i++) {
      boolean last = i == segments.length - 1;
      boolean folders = segments[i].equals("**");
      if (folders) {
        names.append("(" + NOT_HIDDEN + "[^/]+/)*");
        depth = Integer.MAX_VALUE;
      }
      if (!folders || last) {
        names.append(name(segments[i])).append(last ? "" : "/");
      }
    }
    return new Glob(
        uri.substring(0, slash + 1),
        Pattern.compile(names.toString()),
        Math.max(depth, segments.length));
  }

  private static String name(String segment) {
    String name =
        Arrays.stream(segment.split("\\*+", -1))
            .map(Pattern::quote)
            .collect(Collectors.joining("[^/]*"));
    return segment.startsWith("*") ? NOT_HIDDEN + name : name;
  }

  /**
   * @param name relative to the directory
   */
  boolean matches(String name) {
    return names.matcher(name).matches();
  }
}
