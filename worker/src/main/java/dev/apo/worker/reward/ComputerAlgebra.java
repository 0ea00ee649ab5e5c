package dev.apo.worker.reward;

import dev.apo.worker.data.RandomStream;
import java.util.regex.Pattern;
import org.matheclipse.core.eval.EvalEngine;
import org.matheclipse.core.eval.ExprEvaluator;
import org.matheclipse.core.expression.S;
import org.matheclipse.core.interfaces.IExpr;

/**
 * The computer-algebra library. It takes about a second to load and 30 MiB, so nothing but the
 * first question loads it. Expressions are in its input form, from {@link LatexExpression}.
 */
final class ComputerAlgebra {
  private static final short NO_HISTORY = 0;
  private static final int POINTS = 3;

  /** Relative to the values; far more than what double precision loses. */
  private static final double TOLERANCE = 1e-6;

  /** Functions and constants begin with a capital. */
  private static final Pattern VARIABLE = Pattern.compile("\\b[a-z]\\w*");

  private ComputerAlgebra() {}

  /** Loads the library; later questions may then be asked under a time limit. */
  static void load() {
    if (!isZero("0")) {
      throw new IllegalStateException("the computer-algebra library does not work");
    }
  }

  /**
   * Whether two expressions are equal for all values of their variables, as far as the library can
   * tell; what it cannot evaluate is not.
   */
  static boolean areEqual(String a, String b) {
    // Numbers tell in a millisecond what a proof may take minutes for.
    for (int point = 0; point < POINTS; point++) {
      if (differ(at(point, a), at(point, b))) {
        return false;
      }
    }
    return isZero("(" + a + ")-(" + b + ")");
  }

  /** The expression with numbers, positive and negative ones, in the place of its variables. */
  private static String at(int point, String expression) {
    return VARIABLE
        .matcher(expression)
        .replaceAll(
            name -> {
              long bits = RandomStream.of(name.group().hashCode(), point).bits(0);
              long above = 1000 + Long.remainderUnsigned(bits >>> 1, 1000);
              return "(" + ((bits & 1) == 0 ? above : -above) + "/997)";
            });
  }

  private static boolean differ(String a, String b) {
    IExpr distance = evaluate("N(Abs((%s)-(%s))/(1+Abs(%s)+Abs(%s)))".formatted(a, b, a, b));
    return distance.isReal() && distance.evalf() > TOLERANCE;
  }

  private static boolean isZero(String expression) {
    return evaluate("PossibleZeroQ(" + expression + ")") == S.True;
  }

  private static IExpr evaluate(String expression) {
    // A new engine each time: no answer depends on an earlier question.
    var engine = new EvalEngine(true);
    engine.setQuietMode(true);
    try {
      return new ExprEvaluator(engine, true, NO_HISTORY).eval(expression);
    } catch (RuntimeException | StackOverflowError | LinkageError e) {
      return S.Indeterminate;
    } finally {
      EvalEngine.remove();
    }
  }
}
