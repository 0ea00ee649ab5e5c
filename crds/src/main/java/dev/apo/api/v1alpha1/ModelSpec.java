package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** The reference policy: the model that training starts from and is regularised towards. */
@ApiObject
@ValidationRule(
    value = "self.uri.startsWith('hf://') || !has(self.revision)",
    message =
        "revision applies to hf:// models only: remove it, or name the model as hf://owner/name")
@ValidationRule(
    value = "!has(self.revision) || !self.uri.contains('@')",
    message = "uri names a revision, and so does revision: remove one of them")
public record ModelSpec(
    @JsonPropertyDescription(
            "Hugging Face model directory, or a file in it that ends in .gguf: s3://bucket/path, file:///path, hf://owner/name, hf://owner/name@revision, or a path from ./ or ../ relative to the manifest.")
        @Required
        @Size(min = 1, max = Limits.URI)
        @Pattern(Limits.MODEL_URI)
        String uri,
    @JsonPropertyDescription("Commit, tag or branch of an hf:// model; the main branch if unset.")
        @Size(min = 1, max = 255)
        String revision,
    @JsonPropertyDescription(
            "Secret that holds the access token for hf:// addresses; on a laptop it comes from HF_TOKEN.")
        SecretKeyReference tokenSecretRef) {}
