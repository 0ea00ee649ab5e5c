package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;

/** Where metrics go beside metrics.jsonl. */
@ApiObject
public record TrackingSpec(
    @JsonPropertyDescription("Whether to write TensorBoard's event file beside the metrics.")
        @Default("false")
        Boolean tensorBoard) {}
