package dev.apo.worker.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.manifest.Schema.Rule;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.Map;
import java.util.Optional;

/** Evaluates the rules of the schema, which are written in the Common Expression Language. */
final class Rules {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A rule that does not hold, and where. */
  record Broken(String path, String message) {}

  private Rules() {}

  /**
   * The first rule that {@code value} or anything in it breaks; an outer rule comes after those
   * inside.
   *
   * @param value what {@link SchemaWalker} made: typed and with defaults
   */
  static Optional<Broken> firstBroken(String path, Schema schema, JsonNode value) {
    if (value.isObject()) {
      for (Map.Entry<String, JsonNode> field : value.properties()) {
        Schema fieldSchema = schema.field(field.getKey());
        if (fieldSchema != null) {
          Optional<Broken> broken =
              firstBroken(YamlNodes.join(path, field.getKey()), fieldSchema, field.getValue());
          if (broken.isPresent()) {
            return broken;
          }
        }
      }
    }
    for (int i = 0; value.isArray() && i < value.size(); i++) {
      Optional<Broken> broken =
          firstBroken("%s[%d]".formatted(path, i), schema.element(), value.get(i));
      if (broken.isPresent()) {
        return broken;
      }
    }
    return schema.rules().stream()
        .filter(rule -> !Evaluator.holds(rule, MAPPER.convertValue(value, Object.class)))
        .map(rule -> new Broken(path + rule.fieldPath(), rule.message()))
        .findFirst();
  }

  /** Loaded when the first rule is met: it costs a few tenths of a second. */
  private static final class Evaluator {
    private static final CelCompiler COMPILER =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addVar("self", SimpleType.DYN)
            .setResultType(SimpleType.BOOL)
            .build();
    private static final CelRuntime RUNTIME = CelRuntimeFactory.standardCelRuntimeBuilder().build();

    static boolean holds(Rule rule, Object self) {
      try {
        CelRuntime.Program program =
            RUNTIME.createProgram(COMPILER.compile(rule.expression()).getAst());
        return (Boolean) program.eval(Map.of("self", self));
      } catch (CelValidationException | CelEvaluationException e) {
        throw new IllegalStateException("rule cannot be evaluated: " + rule.expression(), e);
      }
    }
  }
}
