package dev.apo.worker.model;

/**
 * How a text becomes a prompt.
 *
 * @param chat the conversation that the text is a turn of; null to take it as it is
 * @param system the conversation's system prompt, or null
 */
public record PromptFormat(Tokenizer tokenizer, ChatTemplate chat, String system) {

  /** The text as it is. */
  public static PromptFormat plain(Tokenizer tokenizer) {
    return new PromptFormat(tokenizer, null, null);
  }

  /** The prompt's text. */
  public String render(String text) {
    return chat == null ? text : chat.render(system, text);
  }

  /** The token ids of a prompt's text; a chat template writes all special tokens itself. */
  public int[] encode(String prompt) {
    return chat == null ? tokenizer.encodePrompt(prompt) : tokenizer.encode(prompt);
  }
}
