package dev.apo.worker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;

/** Says for a user what is wrong with JSON. */
public final class JsonErrors {
  private JsonErrors() {}

  /** A clause without a full stop. */
  public static String reason(JsonProcessingException e) {
    // The library's own words for these are about Java's classes.
    if (e instanceof MismatchedInputException) {
      return "it is not one JSON value";
    }
    return e instanceof JsonMappingException
        ? "a number in it is out of range"
        : e.getOriginalMessage();
  }
}
