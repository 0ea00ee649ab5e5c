package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import java.util.List;

/** Low-rank adapters, which are trained instead of the model's weights. */
@ApiObject
public record LoraSpec(
    @JsonPropertyDescription("Rank of the adapters.") @Default("16") @Min(1) @Max(4096)
        Integer rank,
    @JsonPropertyDescription("Weight of the adapters, times the rank.")
        @Default("32")
        @Min(value = 0, inclusive = false)
        @Max(1000000)
        Double alpha,
    @JsonPropertyDescription("The matrices of each layer that get an adapter; all if unset.")
        @Size(min = 1, max = 7)
        List<TargetModule> targetModules) {}
