package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** The questions, and how a prompt is made of them. */
@ApiObject
@ValidationRule(
    value = "self.template.contains('{prompt}')",
    message = "template must contain {prompt}, the place where the question goes")
@ValidationRule(
    value = "!has(self.systemPrompt) || self.chatTemplate",
    message =
        "systemPrompt is a part of the chat template: set chatTemplate to true, or write it into"
            + " template")
public record DataSpec(
    @JsonPropertyDescription("Questions to train on.") @Required DatasetSpec train,
    @JsonPropertyDescription("Questions to measure accuracy on; no accuracy is measured if unset.")
        DatasetSpec eval,
    @JsonPropertyDescription("Column that holds the question.")
        @Default("prompt")
        @Size(min = 1, max = 253)
        String promptField,
    @JsonPropertyDescription("Column that holds the answer.")
        @Default("answer")
        @Size(min = 1, max = 253)
        String answerField,
    @JsonPropertyDescription("Text of a prompt; {prompt} is replaced by the question.")
        @Default("\"{prompt}\"")
        @Size(min = 1, max = 8192)
        String template,
    @JsonPropertyDescription(
            "Whether to wrap the text as a user turn in the tokenizer's own chat template.")
        @Default("false")
        Boolean chatTemplate,
    @JsonPropertyDescription(
            "System prompt of the chat template; what the template does without one if unset.")
        @Size(min = 1, max = 8192)
        String systemPrompt) {}
