package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;

/** Where the results are. */
@ApiObject
public record Artifacts(
    @JsonPropertyDescription("Address of the trained model, a Hugging Face directory.")
        @Size(max = 2 * Limits.URI)
        String model,
    @JsonPropertyDescription("Address of the metrics, one JSON object a line.")
        @Size(max = 2 * Limits.URI)
        String metrics,
    @JsonPropertyDescription("Address of the report, an HTML page.") @Size(max = 2 * Limits.URI)
        String report,
    @JsonPropertyDescription("Address of the table of optimal values.") @Size(max = 2 * Limits.URI)
        String vstar,
    @JsonPropertyDescription("Key of the table of optimal values.") @Size(max = 128)
        String vstarKey) {}
