package dev.apo.worker.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.apo.worker.reward.Gsm8k.Extraction;
import org.junit.jupiter.api.Test;

class RewardsTest {
  @Test
  void exactMatchIgnoresWhiteSpaceAtTheEndsOnly() {
    Reward reward = Rewards.exactMatch().train();
    assertThat(reward.score("2+2=", " 4\n", "4 ")).isEqualTo(1);
    assertThat(reward.score("2+2=", "4 4", "44")).isZero();
    assertThat(reward.id()).isEqualTo("exact-match");
  }

  @Test
  void estimateAndTrainingShareOneScorerByDefault() {
    Rewards rewards = Rewards.gsm8k(Extraction.STRICT);
    assertThat(rewards.estimate()).isSameAs(rewards.train());
  }

  @Test
  void officialEstimateTakesTheLastNumberOfTheResponse() {
    assertThat(Rewards.officialGsm8k().estimate().score("", "#### 5 then 7", "7")).isEqualTo(1);
  }

  @Test
  void officialTrainingTakesTheFirstMarkedNumberOfPromptAndResponse() {
    Reward train = Rewards.officialGsm8k().train();
    assertThat(train.score("Example: #### 5\n", "#### 7", "7")).isZero();
    assertThat(train.score("How many? ", "#### 7", "7")).isEqualTo(1);
    assertThatThrownBy(() -> train.checkAnswer("seven"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void officialScorersHaveIdsOfTheirOwn() {
    assertThat(Rewards.officialGsm8k().train().id())
        .isEqualTo("gsm8k-strict-on-prompt-and-response");
    assertThat(Rewards.officialGsm8k().train().version()).isEqualTo("1");
  }
}
