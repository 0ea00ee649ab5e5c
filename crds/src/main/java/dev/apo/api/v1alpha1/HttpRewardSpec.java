package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** A service that scores responses. The training program asks it, never the operator. */
@ApiObject
public record HttpRewardSpec(
    @JsonPropertyDescription(
            "http:// or https:// address that the responses to score are posted to, without user and fragment.")
        @Required
        @Size(min = 1, max = Limits.URI)
        @Pattern(Limits.SERVICE_URL)
        String url,
    @JsonPropertyDescription(
            "Version of the scoring; another one makes another V* table, so change it when the service scores differently.")
        @Default("\"1\"")
        @Size(min = 1, max = 63)
        @Pattern("^[A-Za-z0-9._-]+$")
        String version,
    @JsonPropertyDescription("Seconds to wait for one answer.") @Default("10") @Min(1) @Max(3600)
        Integer timeoutSeconds,
    @JsonPropertyDescription(
            "How often to ask again while the service is absent, failing or overloaded.")
        @Default("5")
        @Min(0)
        @Max(20)
        Integer maxRetries,
    @JsonPropertyDescription("Number of responses in one request, at most.")
        @Default("32")
        @Min(1)
        @Max(1024)
        Integer batchSize,
    @JsonPropertyDescription("Number of requests at a time, at most.")
        @Default("4")
        @Min(1)
        @Max(64)
        Integer parallelism,
    @JsonPropertyDescription(
            "Secret that holds the service's bearer token; on a laptop it comes from APO_REWARD_TOKEN.")
        SecretKeyReference tokenSecretRef) {}
