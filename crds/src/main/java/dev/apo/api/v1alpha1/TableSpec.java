package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** Responses of the reference policy that were sampled and scored elsewhere. */
@ApiObject
public record TableSpec(
    @JsonPropertyDescription(
            "Files of rows with the columns eval_0, eval_1 … for the rewards and, if kept, response_0, response_1 … for the responses; addresses and formats are those of data.train.")
        @Required
        @Size(min = 1, max = Limits.URI)
        @Pattern(Limits.STORED_URI)
        String uri,
    @JsonPropertyDescription("Format of the files, if their endings do not tell.")
        DataFormat format,
    @JsonPropertyDescription(
            "Column that holds the prompt as the model was given it, by which rows are found.")
        @Default("prompt")
        @Size(min = 1, max = 253)
        String promptField,
    @JsonPropertyDescription(
            "Column that holds the answer, which must be the data's; not compared if unset.")
        @Size(min = 1, max = 253)
        String answerField) {}
