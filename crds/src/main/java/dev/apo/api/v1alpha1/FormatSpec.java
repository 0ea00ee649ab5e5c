package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** A bonus for responses in which a pattern is found. */
@ApiObject
public record FormatSpec(
    @JsonPropertyDescription(
            "Regular expression (RE2) to find in the response; a dot matches line ends too.")
        @Required
        @Size(min = 1, max = 1024)
        String pattern,
    @JsonPropertyDescription("What a response gets in which it is found; may be negative.")
        @Default("0.1")
        @Min(-1000)
        @Max(1000)
        Double bonus) {}
