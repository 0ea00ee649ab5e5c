package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** One file of questions and answers. */
@ApiObject
public record DatasetSpec(
    @JsonPropertyDescription(
            "File of rows, by its ending JSON Lines (.jsonl), a JSON array (.json), CSV with a header (.csv), each also with .gz, or Parquet (.parquet): s3://bucket/path, file:///path, hf://datasets/owner/name/file, or a path from ./ or ../ relative to the manifest.")
        @Required
        @Size(min = 1, max = Limits.URI)
        @Pattern(Limits.DATA_URI)
        String uri,
    @JsonPropertyDescription("Number of rows to use, from the first; all if unset.")
        @Min(1)
        @Max(Limits.INT)
        Integer limit) {}
