package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;

/** Files of questions and answers, read one after the other. */
@ApiObject
@ValidationRule(
    value = "has(self.uri) != has(self.uris)",
    message = "exactly one of uri and uris must be set: one address, or a list of them")
public record DatasetSpec(
    @JsonPropertyDescription(
            "File of rows, by its ending JSON Lines (.jsonl), a JSON array (.json), CSV with a header (.csv), each also with .gz, or Parquet (.parquet): s3://bucket/path, file:///path, hf://datasets/owner/name/file, or a path from ./ or ../ relative to the manifest; * in it matches what a name may have, ** any folders, and all matches are read in the order of their names.")
        @Size(min = 1, max = Limits.URI)
        @Pattern(Limits.DATA_URI)
        String uri,
    @JsonPropertyDescription("Several such addresses, read in this order, each file once.")
        @Size(min = 1, max = 64)
        List<@Size(min = 1, max = Limits.URI) @Pattern(Limits.DATA_URI) String> uris,
    @JsonPropertyDescription("Format of the files, if their endings do not tell.")
        DataFormat format,
    @JsonPropertyDescription("Number of rows to use, from the first; all if unset.")
        @Min(1)
        @Max(Limits.INT)
        Integer limit) {
  /** All addresses, in order. */
  public List<String> addresses() {
    return uris != null ? uris : List.of(uri);
  }
}
