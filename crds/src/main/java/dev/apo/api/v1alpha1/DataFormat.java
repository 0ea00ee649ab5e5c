package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How a file holds its rows. */
public enum DataFormat {
  /** An object a line. */
  @JsonProperty("JSONL")
  JSONL,
  /** One array of objects. */
  @JsonProperty("JSON")
  JSON,
  /** Comma-separated values below a line of their names. */
  @JsonProperty("CSV")
  CSV,
  /** Columns of Parquet, nested ones too. */
  @JsonProperty("Parquet")
  PARQUET
}
