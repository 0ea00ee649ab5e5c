package dev.apo.worker.algorithm;

/**
 * Estimates KL(π ‖ π_ref) from tokens sampled from π. The argument d is {@code log π − log π_ref}
 * of one token, in nats; gradients are with respect to {@code log π}. The names k1, k2 and k3 are
 * Schulman's (joschu.net/blog/kl-approx.html).
 */
public enum KlEstimator {
  /** k1 = d: unbiased, of high variance; its gradient as a loss carries no information. */
  K1 {
    @Override
    public double value(double d) {
      return d;
    }

    @Override
    public double gradient(double d) {
      return 1;
    }
  },
  /** |d|. */
  ABS {
    @Override
    public double value(double d) {
      return Math.abs(d);
    }

    @Override
    public double gradient(double d) {
      return Math.signum(d);
    }
  },
  /** k2 = d²/2: biased, but the expected gradient is that of the KL divergence. */
  K2 {
    @Override
    public double value(double d) {
      return d * d / 2;
    }

    @Override
    public double gradient(double d) {
      return d;
    }
  },
  /** k3 = exp(−d) + d − 1: unbiased and never negative. */
  K3 {
    @Override
    public double value(double d) {
      // expm1, or the difference of nearly equal numbers loses its digits for a small d.
      return Math.expm1(-d) + d;
    }

    @Override
    public double gradient(double d) {
      return -Math.expm1(-d);
    }
  },
  /** k3 as verl computes it: d clamped to ±20, k3 to ±10, no gradient where a clamp binds. */
  K3_CLAMPED {
    @Override
    public double value(double d) {
      return Math.min(K3.value(clamp(d, 20)), 10);
    }

    @Override
    public double gradient(double d) {
      // Where d is clamped, k3 exceeds 10 too.
      return K3.value(clamp(d, 20)) < 10 ? K3.gradient(d) : 0;
    }
  },
  /** The value of {@link #K3_CLAMPED} with the gradient of {@link #K2}: verl's {@code k3+}. */
  K3_STRAIGHT_THROUGH {
    @Override
    public double value(double d) {
      return K3_CLAMPED.value(d);
    }

    @Override
    public double gradient(double d) {
      return K2.gradient(d);
    }
  };

  /** The estimate from one token. */
  public abstract double value(double d);

  /** Its derivative with respect to the token's log-prob under the policy. */
  public abstract double gradient(double d);

  private static double clamp(double d, double bound) {
    return Math.max(-bound, Math.min(bound, d));
  }
}
