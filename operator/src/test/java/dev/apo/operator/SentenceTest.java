package dev.apo.operator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SentenceTest {
  @Test
  void leavesWhatIsShortEnough() {
    assertThat(Sentence.cut(null, 10)).isNull();
    assertThat(Sentence.cut("ten chars.", 10)).isEqualTo("ten chars.");
  }

  @Test
  void marksWhereItCuts() {
    assertThat(Sentence.cut("twelve chars", 11)).isEqualTo("twe … (cut)");
  }

  @Test
  void cutsNoCharacterInHalf() {
    assertThat(Sentence.cut("ab😀 and more", 11)).isEqualTo("ab … (cut)");
  }
}
