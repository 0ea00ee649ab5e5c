package dev.apo.worker.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Checks a {@code tokenizer.json} for what the native library does not survive: where the file is
 * not well-formed, is nested too deeply, has numbers or characters that do not exist, or a template
 * without a meaning, it ends the whole process. Vocabularies are large, so nothing but the template
 * is kept in memory.
 */
final class TokenizerFile {
  /** The library's is 128. */
  private static final int MAX_DEPTH = 100;

  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
              .build());

  private TokenizerFile() {}

  /**
   * @throws IOException if it cannot be read; a {@link
   *     com.fasterxml.jackson.core.JsonProcessingException} if the library must not see it
   */
  static void check(Path file) throws IOException {
    try (JsonParser parser = open(file)) {
      checkSyntax(parser);
    }
    try (JsonParser parser = open(file)) {
      checkTemplates(parser);
    }
  }

  private static JsonParser open(Path file) throws IOException {
    // A reader that reports what is not UTF-8.
    return JSON.createParser(Files.newBufferedReader(file, StandardCharsets.UTF_8));
  }

  private static void checkSyntax(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new JsonParseException(parser, "it is not an object");
    }
    for (int depth = 1; depth > 0; ) {
      JsonToken token = parser.nextToken();
      if (token == null) {
        throw new JsonParseException(parser, "it ends too early");
      }
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      checkValue(parser, token);
    }
    if (parser.nextToken() != null) {
      throw new JsonParseException(parser, "something follows the object");
    }
  }

  private static void checkValue(JsonParser parser, JsonToken token) throws IOException {
    if (token == JsonToken.VALUE_NUMBER_FLOAT && !Double.isFinite(parser.getDoubleValue())) {
      throw new JsonParseException(parser, "a number is too large");
    }
    if ((token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME)
        && !StandardCharsets.UTF_8.newEncoder().canEncode(parser.getText())) {
      throw new JsonParseException(parser, "a text has half a character");
    }
  }

  private static void checkTemplates(JsonParser parser) throws IOException {
    parser.nextToken();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      if (name.equals("post_processor")) {
        checkTemplates(parser, JSON.readTree(parser));
      } else {
        parser.skipChildren();
      }
    }
  }

  /** What is put around one text may have that text in it, and the tokens that are listed. */
  private static void checkTemplates(JsonParser parser, JsonNode processor) throws IOException {
    for (JsonNode part : processor.path("processors")) {
      checkTemplates(parser, part);
    }
    for (JsonNode piece : processor.path("single")) {
      JsonNode text = piece.path("Sequence").path("id");
      if (!text.isMissingNode() && !text.asText().equals("A")) {
        throw new JsonParseException(parser, "its template for one text asks for a second one");
      }
      JsonNode token = piece.path("SpecialToken").path("id");
      if (!token.isMissingNode() && !processor.path("special_tokens").has(token.asText())) {
        throw new JsonParseException(
            parser, "its template uses the token " + token.asText() + ", which it does not list");
      }
    }
  }
}
