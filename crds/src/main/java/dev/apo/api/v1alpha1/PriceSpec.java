package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;

/** What machines cost. */
@ApiObject
public record PriceSpec(
    @JsonPropertyDescription("Price of one GPU for an hour, with the machine around it.")
        @Default("0.0")
        @Min(0)
        @Max(1000000)
        Double gpuHour,
    @JsonPropertyDescription("Price of one CPU core for an hour, where a stage has no GPU.")
        @Default("0.0")
        @Min(0)
        @Max(1000000)
        Double cpuHour,
    @JsonPropertyDescription("Currency of the prices, three letters.")
        @Default("USD")
        @Size(min = 3, max = 3)
        @Pattern("^[A-Z]{3}$")
        String currency) {}
