package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which questions a pass over them takes, and in which order. */
public enum Curriculum {
  /** All of them, shuffled. */
  @JsonProperty("None")
  NONE,
  /** All of them, those that the estimate solved most often first. */
  @JsonProperty("EasyToHard")
  EASY_TO_HARD,
  /** As many, each as often as its being solved is uncertain. */
  @JsonProperty("Uncertain")
  UNCERTAIN
}
