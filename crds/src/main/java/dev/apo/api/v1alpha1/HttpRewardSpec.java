package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** A service that scores responses. */
@ApiObject
public record HttpRewardSpec(
    @JsonPropertyDescription("Address that the responses to score are posted to.")
        @Required
        @Size(min = 1, max = Limits.URI)
        @Pattern(Limits.HTTP_URL)
        String url,
    @JsonPropertyDescription("Seconds to wait for one answer.") @Default("10") @Min(1) @Max(3600)
        Integer timeoutSeconds) {}
