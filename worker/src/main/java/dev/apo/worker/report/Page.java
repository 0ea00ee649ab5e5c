package dev.apo.worker.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes a page of a template and data. A template names what goes into it in double braces: {@code
 * {{page.css}}} and {@code {{page.js}}} are what pages share, and {@code {{data}}} is JSON. The
 * page needs no network and no other file.
 */
public final class Page {
  private static final Pattern PLACE = Pattern.compile("\\{\\{([a-z.]+)}}");
  private static final String DATA = "data";

  private Page() {}

  /**
   * @param template name of a resource of this package
   */
  public static byte[] of(String template, JsonNode data) {
    return PLACE
        .matcher(resource(template))
        .replaceAll(place -> Matcher.quoteReplacement(content(place, data)))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static String content(MatchResult place, JsonNode data) {
    return place.group(1).equals(DATA) ? ScriptJson.write(data) : resource(place.group(1));
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
