package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** Where artifacts are kept. */
@ApiObject
public record StorageSpec(
    @JsonPropertyDescription(
            "Prefix of everything that is written: s3://bucket/prefix, file:///path, or a path from ./ or ../ relative to the manifest.")
        @Required
        @Size(min = 1, max = Limits.URI)
        @Pattern(Limits.STORED_URI)
        String uri,
    @JsonPropertyDescription("Address of an S3 service other than AWS.")
        @Size(min = 1, max = Limits.URI)
        @Pattern(Limits.HTTP_URL)
        String endpoint,
    @JsonPropertyDescription("Region of the buckets.") @Size(min = 1, max = 64) String region,
    @JsonPropertyDescription(
            "Whether buckets are part of the path and not of the host name; if unset, true with an endpoint.")
        Boolean pathStyle,
    @JsonPropertyDescription("Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        SecretReference credentialsSecretRef,
    @JsonPropertyDescription("Secret with ca.crt, the certificates to trust at the endpoint.")
        SecretReference caSecretRef) {}
