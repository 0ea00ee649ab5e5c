package dev.apo.worker.storage;

import java.util.List;

/** The rules for object names, the same for every store. */
final class Keys {
  private Keys() {}

  /**
   * Returns the key, if it is a relative name that stays below the root.
   *
   * @throws IllegalArgumentException if it is not
   */
  static String check(String key) {
    if (!isValid(key)) {
      throw new IllegalArgumentException("\"" + key + "\" is not a relative object name");
    }
    return key;
  }

  static boolean isValid(String key) {
    if (key.indexOf('\\') >= 0 || key.chars().anyMatch(Character::isISOControl)) {
      return false;
    }
    return List.of(key.split("/", -1)).stream().allMatch(Keys::isValidPart);
  }

  private static boolean isValidPart(String part) {
    return !part.isEmpty()
        && !part.equals(".")
        && !part.equals("..")
        && !part.startsWith(AtomicFile.TEMPORARY);
  }
}
