package dev.apo.worker.cli;

import java.util.Locale;
import java.util.Map;

/** How the program speaks on standard error where no terminal is. */
enum LogFormat {
  TEXT,
  JSON;

  static final String OPTION = "--log-format";
  static final String VARIABLE = "APO_LOG_FORMAT";

  /**
   * What a command line asks for, read before it is parsed: it may be wrong, and that too must be
   * told in this format.
   */
  static LogFormat of(String[] args, Map<String, String> environment) {
    String asked = environment.getOrDefault(VARIABLE, TEXT.name());
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals(OPTION) && i + 1 < args.length) {
        asked = args[i + 1];
      } else if (args[i].startsWith(OPTION + "=")) {
        asked = args[i].substring(OPTION.length() + 1);
      }
    }
    return asked.toUpperCase(Locale.ROOT).equals(JSON.name()) ? JSON : TEXT;
  }
}
