package dev.apo.worker.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.JsonErrors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads a JSON file that is one array of objects, plain or gzipped, an object at a time. */
final class JsonArrayReader extends RowReader {
  private static final ObjectReader OBJECT =
      JsonMapper.builder()
          // As in JsonlReader.
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build()
          .readerFor(new TypeReference<LinkedHashMap<String, Object>>() {});

  private final InputStream in;
  private JsonParser parser;

  private JsonArrayReader(String name, Path file) {
    super(name);
    this.in = TextInput.open(name, file);
  }

  static JsonArrayReader open(String name, Path file) {
    return new JsonArrayReader(name, file);
  }

  @Override
  Map<String, Object> read() throws IOException {
    if (parser == null) {
      parser = OBJECT.createParser(TextInput.reader(in));
      expect(JsonToken.START_ARRAY, parser.nextToken(), "an array of objects");
    }
    JsonToken token = parser.nextToken();
    if (token == JsonToken.END_ARRAY) {
      expect(null, parser.nextToken(), "nothing behind the array");
      return null;
    }
    expect(JsonToken.START_OBJECT, token, "an object");
    return OBJECT.readValue(parser);
  }

  private void expect(JsonToken wanted, JsonToken found, String what) {
    if (found != wanted) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          name()
              + ", line "
              + parser.currentLocation().getLineNr()
              + ": expected "
              + what
              + "; a .json file holds one array of objects, one object per line goes into a .jsonl file.");
    }
  }

  @Override
  RuntimeException failure(String last, IOException e) {
    if (e instanceof JsonProcessingException json) {
      return new ApoException(
          ExitCode.BAD_DATA,
          name()
              + ": what follows "
              + last
              + " is not valid JSON: "
              + JsonErrors.reason(json)
              + ".",
          e);
    }
    return TextInput.failure(name(), last, e);
  }

  @Override
  public void close() {
    TextInput.closeQuietly(in);
  }
}
