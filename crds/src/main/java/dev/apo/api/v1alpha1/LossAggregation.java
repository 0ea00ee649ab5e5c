package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How the losses of tokens become one. */
public enum LossAggregation {
  /** The mean over all tokens. */
  @JsonProperty("TokenMean")
  TOKEN_MEAN,
  /** The sum over each response, then the mean over responses. */
  @JsonProperty("SeqMeanTokenSum")
  SEQ_MEAN_TOKEN_SUM,
  /** The mean over each response, then the mean over responses. */
  @JsonProperty("SeqMeanTokenMean")
  SEQ_MEAN_TOKEN_MEAN,
  /** The sum over each response by the longest length, then the mean over responses. */
  @JsonProperty("SeqMeanTokenSumNorm")
  SEQ_MEAN_TOKEN_SUM_NORM
}
