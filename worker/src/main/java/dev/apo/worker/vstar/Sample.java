package dev.apo.worker.vstar;

import java.util.Objects;

/**
 * One response of the reference policy to a prompt.
 *
 * @param response the text, without the prompt
 * @param reward as the scorer gave it
 * @param tokens length of the response
 * @param truncated whether it was cut off at the longest length allowed
 */
public record Sample(String response, double reward, int tokens, boolean truncated) {
  public Sample {
    Objects.requireNonNull(response, "response");
  }
}
