package dev.apo.worker.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutageTest {
  private static final Instant START = Instant.parse("2026-01-02T03:04:05.6Z");
  private static final IOException REFUSED = new ConnectException("refused");

  private final List<String> told = new ArrayList<>();
  private Instant now = START;
  private boolean stopping;
  private final Outage outage =
      new Outage(
          "http://s3",
          new Patience(Duration.ofMinutes(15), told::add, told::add, () -> stopping),
          () -> now);

  private void pass(int seconds) {
    now = now.plusSeconds(seconds);
  }

  @Test
  void tellsOnceSinceWhenAndForWhat() {
    outage.failed(now, REFUSED);
    assertThat(told).isEmpty();
    pass(4);
    outage.failed(now, REFUSED);
    pass(60);
    outage.failed(now, new RetryInterceptor.BusyException(503));
    assertThat(told)
        .containsExactly(
            "Waiting for storage since 2026-01-02T03:04:05Z: http://s3 does not answer (Connect).");

    pass(6);
    outage.answered();
    outage.answered();
    assertThat(told.subList(1, told.size()))
        .containsExactly("Storage at http://s3 answers again, after 70 s.");
  }

  @Test
  void whatAnswersAtOnceWhenAskedAgainIsNoNews() {
    outage.failed(now, REFUSED);
    pass(2);
    outage.answered();
    pass(100);
    outage.failed(now, REFUSED);
    assertThat(told).isEmpty();
  }

  @Test
  void aRequestThatIsNeverAnsweredCountsFromWhenItWasSent() {
    Instant sent = now;
    pass(60);
    outage.failed(sent, REFUSED);
    assertThat(told).singleElement().asString().contains("since 2026-01-02T03:04:05Z");
  }

  @Test
  void whoIsAskedToStopDoesNotWaitOn() {
    outage.answered();
    outage.failed(now, REFUSED);
    stopping = true;
    assertThatThrownBy(() -> outage.isWorthWaiting(now))
        .isInstanceOfSatisfying(
            ApoException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.STOPPED));
  }

  @Test
  void whoIsAskedToStopHopesForHalfAMinute() {
    outage.failed(now, REFUSED);
    pass(30);
    assertThat(outage.isHopeless()).isFalse();
    stopping = true;
    assertThat(outage.isHopeless()).isTrue();
    outage.answered();
    outage.failed(now, REFUSED);
    pass(29);
    assertThat(outage.isHopeless()).isFalse();
  }

  @Test
  void isWorthWaitingForWhatAnsweredBeforeUntilPatienceEnds() {
    outage.failed(now, REFUSED);
    assertThat(outage.isWorthWaiting(now)).isFalse();
    outage.answered();
    outage.failed(now, REFUSED);
    pass(899);
    assertThat(outage.isWorthWaiting(now)).isTrue();
    pass(1);
    // Also for an operation that begins only now.
    assertThat(outage.isWorthWaiting(now)).isFalse();
    outage.answered();
    outage.failed(now, REFUSED);
    assertThat(outage.isWorthWaiting(now)).isTrue();
  }

  @Test
  void anOperationWhoseAnswersAlwaysBreakOffEndsWithPatience() {
    Instant first = now;
    outage.answered();
    outage.failed(now, REFUSED);
    pass(900);
    outage.answered();
    outage.failed(now, REFUSED);
    assertThat(outage.isWorthWaiting(first)).isFalse();
  }
}
