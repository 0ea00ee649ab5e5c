package dev.apo.worker.reward;

import org.matheclipse.core.eval.EvalEngine;
import org.matheclipse.core.eval.ExprEvaluator;
import org.matheclipse.core.expression.S;
import org.matheclipse.core.interfaces.IExpr;

/**
 * The computer-algebra library. It takes about a second to load and 50 MiB, so nothing but the
 * first question loads it.
 */
final class ComputerAlgebra {
  private static final short NO_HISTORY = 0;

  private ComputerAlgebra() {}

  /** Loads the library; a later question may then be asked under a time limit. */
  static void load() {
    if (!isZero("0")) {
      throw new IllegalStateException("the computer-algebra library does not work");
    }
  }

  /**
   * Whether an expression is 0 for all values of its variables, as far as the library can tell;
   * what it cannot evaluate is not.
   *
   * @param expression in the library's input form, from {@link LatexExpression}
   */
  static boolean isZero(String expression) {
    // A new engine each time: no answer depends on an earlier question.
    var engine = new EvalEngine(true);
    engine.setQuietMode(true);
    try {
      IExpr result =
          new ExprEvaluator(engine, true, NO_HISTORY).eval("PossibleZeroQ(" + expression + ")");
      return result == S.True;
    } catch (RuntimeException | StackOverflowError | LinkageError e) {
      return false;
    } finally {
      EvalEngine.remove();
    }
  }
}
