package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** One key of a Secret in the namespace of the training. */
@ApiObject
public record SecretKeyReference(
    @JsonPropertyDescription("Name of the Secret.")
        @Required
        @Size(min = 1, max = 253)
        @Pattern(Limits.DNS_NAME)
        String name,
    @JsonPropertyDescription("Key in the Secret.") @Default("token") @Size(min = 1, max = 253)
        String key) {}
