package dev.apo.worker.manifest;

import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** Reads YAML 1.2 into nodes that know their lines. */
final class YamlDocument {
  private YamlDocument() {}

  /**
   * The only document of {@code text}; empty ones beside it do not count.
   *
   * @throws Problem when there is none, when there are several, or when it is not YAML
   */
  static Node parse(String text) {
    List<Node> documents = new ArrayList<>();
    try {
      for (Node document : new Compose(settings(text)).composeAllFromString(text)) {
        if (!Tag.NULL.equals(document.getTag())) {
          documents.add(document);
        }
      }
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
      throw new Problem(line, "this is not YAML: " + oneLine(e.getProblem()));
    } catch (YamlEngineException e) {
      throw new Problem(0, "this is not YAML: " + oneLine(e.getMessage()));
    } catch (StackOverflowError e) {
      throw new Problem(0, "this is no manifest: it is nested too deeply");
    }
    if (documents.isEmpty()) {
      throw new Problem(0, "the file is empty; it must hold an APOTraining");
    }
    if (documents.size() > 1) {
      throw new Problem(
          documents.get(1),
          "the file holds %d documents; it must hold one APOTraining".formatted(documents.size()));
    }
    return documents.get(0);
  }

  private static LoadSettings settings(String text) {
    // The library fails where the end of its buffer cuts a character into halves.
    return LoadSettings.builder()
        .setSchema(new CoreSchema())
        .setBufferSize(text.length() + 2)
        .build();
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s+", " ");
  }
}
