package dev.apo.worker.gguf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.TreeSet;

/** Writes the tokenizer of a GGUF file as Hugging Face's library reads it. */
final class GgufTokenizer {
  /** How text is cut before pairs are merged, in Llama 3; {@code DIGITS} of a number at a time. */
  private static final String WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}DIGITS"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** Kinds of tokens. */
  private static final long CONTROL = 3;

  private static final long USER_DEFINED = 4;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final GgufFile file;
  private final List<?> tokens;

  /**
   * @throws dev.apo.worker.ApoException BAD_DATA if the tokenizer is of a kind that is not
   *     supported
   */
  GgufTokenizer(GgufFile file) {
    this.file = file;
    this.tokens = file.list("tokenizer.ggml.tokens");
    String model = file.text("tokenizer.ggml.model");
    if (!model.equals("gpt2")) {
      throw file.bad(
          "has a tokenizer of the kind "
              + model
              + "; supported: gpt2 (byte-level BPE). Take the model as a Hugging Face directory");
    }
  }

  /** Number of tokens. */
  int size() {
    return tokens.size();
  }

  private boolean isLlama3() {
    return List.of("llama-bpe", "llama3", "llama-v3").contains(pre());
  }

  private String pre() {
    return file.field("tokenizer.ggml.pre") instanceof String pre ? pre : "none";
  }

  /** {@code tokenizer.json} */
  ObjectNode json() {
    ObjectNode json = JSON.createObjectNode();
    json.put("version", "1.0");
    json.putNull("truncation");
    json.putNull("padding");
    json.set("added_tokens", addedTokens());
    if (pre().equals("qwen2")) {
      json.putObject("normalizer").put("type", "NFC");
    } else {
      json.putNull("normalizer");
    }
    json.set("pre_tokenizer", preTokenizer());
    json.set("post_processor", postProcessor());
    json.set("decoder", byteLevel(true));
    json.set("model", model());
    return json;
  }

  private ArrayNode addedTokens() {
    ArrayNode added = JSON.createArrayNode();
    List<?> kinds = file.list("tokenizer.ggml.token_type");
    for (int id = 0; id < Math.min(kinds.size(), tokens.size()); id++) {
      long kind = kinds.get(id) instanceof Long number ? number : 0;
      if (kind == CONTROL || kind == USER_DEFINED) {
        added
            .addObject()
            .put("id", id)
            .put("content", token(id))
            .put("single_word", false)
            .put("lstrip", false)
            .put("rstrip", false)
            .put("normalized", false)
            .put("special", kind == CONTROL);
      }
    }
    return added;
  }

  private ObjectNode preTokenizer() {
    return switch (pre()) {
      case "gpt-2" -> byteLevel(true);
      case "smollm" -> {
        ObjectNode digits = JSON.createObjectNode();
        digits.put("type", "Digits").put("individual_digits", true);
        yield sequence("pretokenizers", digits, byteLevel(true));
      }
      case "llama-bpe", "llama3", "llama-v3" ->
          sequence("pretokenizers", split(WORDS.replace("DIGITS", "{1,3}")), byteLevel(false));
      case "qwen2", "deepseek-r1-qwen" ->
          sequence("pretokenizers", split(WORDS.replace("DIGITS", "")), byteLevel(false));
      default ->
          throw file.bad(
              "cuts text the way that it calls "
                  + pre()
                  + " (tokenizer.ggml.pre); supported: gpt-2, smollm, llama-bpe, qwen2, deepseek-r1-qwen. Take the model"
                  + " as a Hugging Face directory");
    };
  }

  private static ObjectNode byteLevel(boolean words) {
    return JSON.createObjectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", words);
  }

  private static ObjectNode split(String pattern) {
    ObjectNode split = JSON.createObjectNode().put("type", "Split");
    split.putObject("pattern").put("Regex", pattern);
    return split.put("behavior", "Isolated").put("invert", false);
  }

  private static ObjectNode sequence(String field, ObjectNode... parts) {
    ObjectNode sequence = JSON.createObjectNode().put("type", "Sequence");
    sequence.putArray(field).addAll(List.of(parts));
    return sequence;
  }

  /** Llama 3 starts a text with a token of its own, others where the file says so. */
  private ObjectNode postProcessor() {
    Object told = file.field("tokenizer.ggml.add_bos_token");
    boolean starts = told instanceof Boolean yes ? yes : isLlama3();
    if (!starts) {
      return byteLevel(true);
    }
    int id = id("bos");
    if (id < 0) {
      throw file.bad("starts texts with tokenizer.ggml.bos_token_id, which it does not name");
    }
    ObjectNode template = JSON.createObjectNode().put("type", "TemplateProcessing");
    for (String kind : List.of("single", "pair")) {
      ArrayNode parts = template.putArray(kind);
      special(parts, id, 0);
      text(parts, "A", 0);
      if (kind.equals("pair")) {
        special(parts, id, 1);
        text(parts, "B", 1);
      }
    }
    ObjectNode token =
        template.putObject("special_tokens").putObject(token(id)).put("id", token(id));
    token.putArray("ids").add(id);
    token.putArray("tokens").add(token(id));
    return sequence("processors", byteLevel(true), template);
  }

  private void special(ArrayNode parts, int id, int segment) {
    parts.addObject().putObject("SpecialToken").put("id", token(id)).put("type_id", segment);
  }

  private static void text(ArrayNode parts, String name, int segment) {
    parts.addObject().putObject("Sequence").put("id", name).put("type_id", segment);
  }

  private ObjectNode model() {
    ObjectNode model = JSON.createObjectNode().put("type", "BPE");
    for (String unset :
        List.of("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")) {
      model.putNull(unset);
    }
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", isLlama3());
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      if (vocabulary.replace(token(id), vocabulary.numberNode(id)) != null) {
        throw file.bad("has the token " + token(id) + " twice");
      }
    }
    ArrayNode merges = model.putArray("merges");
    for (Object merge : file.list("tokenizer.ggml.merges")) {
      String pair = String.valueOf(merge);
      int space = pair.indexOf(' ', 1);
      if (space < 0) {
        throw file.bad("has the merge \"" + pair + "\", which is no pair");
      }
      merges.addArray().add(pair.substring(0, space)).add(pair.substring(space + 1));
    }
    return model;
  }

  private String token(int id) {
    return String.valueOf(tokens.get(id));
  }

  /** A special token's id; -1 if the file names none. */
  private int id(String role) {
    String field = "tokenizer.ggml." + role + "_token_id";
    int id = file.number(field, -1).intValue();
    if (id < -1 || id >= tokens.size()) {
      throw file.bad("names " + id + " as " + field + "; there are " + tokens.size() + " tokens");
    }
    return id;
  }

  /** {@code tokenizer_config.json} */
  ObjectNode config() {
    ObjectNode config = JSON.createObjectNode();
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.put("clean_up_tokenization_spaces", false);
    special(config, "bos_token", id("bos"));
    special(config, "eos_token", id("eos"));
    special(config, "pad_token", id("padding"));
    if (file.field("tokenizer.chat_template") instanceof String template) {
      config.put("chat_template", template);
    }
    return config;
  }

  private void special(ObjectNode config, String name, int id) {
    if (id >= 0) {
      config.put(name, token(id));
    }
  }

  /** {@code generation_config.json}: with the tokens that end a text or a turn. */
  ObjectNode generation() {
    ObjectNode generation = JSON.createObjectNode();
    if (id("bos") >= 0) {
      generation.put("bos_token_id", id("bos"));
    }
    var ends = new TreeSet<Integer>();
    for (String role : List.of("eos", "eot", "eom")) {
      if (id(role) >= 0) {
        ends.add(id(role));
      }
    }
    ArrayNode ids = generation.putArray("eos_token_id");
    ends.forEach(ids::add);
    if (id("padding") >= 0) {
      generation.put("pad_token_id", id("padding"));
    }
    return generation;
  }
}
