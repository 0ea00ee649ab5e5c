package dev.apo.worker.pretrain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * The {@code tokenizer.json} of a small model: one token a character, behind a padding and an
 * end-of-sequence token.
 */
final class CharacterTokenizer {
  static final int PAD = 0;
  static final int EOS = 1;
  private static final List<String> SPECIAL = List.of("<pad>", "<eos>");
  private static final String CHARACTERS = "0123456789+-*=() ";

  private CharacterTokenizer() {}

  static int vocabSize() {
    return SPECIAL.size() + CHARACTERS.length();
  }

  static ObjectNode json(ObjectMapper mapper) {
    ObjectNode root = mapper.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    var added = root.putArray("added_tokens");
    for (int id = 0; id < SPECIAL.size(); id++) {
      added
          .addObject()
          .put("id", id)
          .put("content", SPECIAL.get(id))
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    root.putNull("normalizer");
    ObjectNode split = root.putObject("pre_tokenizer");
    split.put("type", "Split").put("behavior", "Isolated").put("invert", false);
    split.putObject("pattern").put("Regex", ".");
    root.putNull("post_processor");
    root.putObject("decoder").put("type", "Fuse");
    ObjectNode model = root.putObject("model");
    model.put("type", "WordLevel").put("unk_token", SPECIAL.get(PAD));
    ObjectNode vocab = model.putObject("vocab");
    SPECIAL.forEach(token -> vocab.put(token, vocab.size()));
    CHARACTERS.chars().forEach(c -> vocab.put(Character.toString(c), vocab.size()));
    return root;
  }
}
