package dev.apo.worker.model;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.JsonErrors;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * The model's own tokenizer. A prompt starts with the special tokens that the tokenizer puts before
 * a text, such as Llama's beginning of sequence; nothing is ever added behind it or truncated.
 */
public final class Tokenizer implements AutoCloseable {
  private final Path file;
  private final HuggingFaceTokenizer tokenizer;
  private final int vocabSize;

  private Tokenizer(Path file, HuggingFaceTokenizer tokenizer, int vocabSize) {
    this.file = file;
    this.tokenizer = tokenizer;
    this.vocabSize = vocabSize;
  }

  /**
   * @throws ApoException BAD_DATA if {@code tokenizer.json} cannot be read
   */
  public static Tokenizer load(ModelDirectory model) {
    Path file = model.path().resolve("tokenizer.json");
    HuggingFaceTokenizer tokenizer;
    try {
      TokenizerFile.check(file);
      // The library truncates at 512 tokens unless it is told otherwise.
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              file,
              Map.of(
                  "addSpecialTokens",
                  "false",
                  "truncation",
                  "do_not_truncate",
                  "padding",
                  "do_not_pad"));
    } catch (JsonProcessingException e) {
      throw unusable(file, JsonErrors.reason(e), e);
    } catch (CharacterCodingException e) {
      throw unusable(file, "it is not text in UTF-8", e);
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    } catch (RuntimeException e) {
      throw unusable(file, firstLine(e), e);
    }
    return new Tokenizer(file, tokenizer, model.config().vocabSize());
  }

  private static ApoException unusable(Path file, String why, Exception cause) {
    return new ApoException(
        ExitCode.BAD_DATA, file + " is not a usable tokenizer: " + why + ".", cause);
  }

  private static String firstLine(Exception e) {
    String message = String.valueOf(e.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }

  /**
   * A prompt's token ids. Special tokens go before it as {@code tokenizer.json} says, unless the
   * text has them already, as the text of a chat template does; those that go behind a text would
   * end it, and are left out.
   *
   * @throws ApoException as {@link #encode}
   */
  public int[] encodePrompt(String text) {
    int[] plain = encode(text);
    int[] whole = ids(text, true);
    int added = whole.length - plain.length;
    for (int before = added; plain.length > 0 && before > 0; before--) {
      boolean startsWithThem =
          plain.length >= before && Arrays.equals(plain, 0, before, whole, 0, before);
      if (!startsWithThem
          && Arrays.equals(plain, 0, plain.length, whole, before, before + plain.length)) {
        return Arrays.copyOf(whole, before + plain.length);
      }
    }
    return plain;
  }

  /**
   * Text to token ids, with nothing added.
   *
   * @throws ApoException BAD_DATA if it has no token for a part of the text, or if an id has no row
   *     in the model's embedding: the tokenizer is another model's
   */
  public int[] encode(String text) {
    return ids(text, false);
  }

  private int[] ids(String text, boolean special) {
    long[] ids;
    try {
      ids = tokenizer.encode(text, special, false).getIds();
    } catch (RuntimeException e) {
      throw new ApoException(
          ExitCode.BAD_DATA, file + " cannot encode a text: " + firstLine(e) + ".", e);
    }
    return checked(ids);
  }

  private int[] checked(long[] ids) {
    int[] result = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      result[i] = (int) ids[i];
      if (ids[i] >= vocabSize) {
        throw new ApoException(
            ExitCode.BAD_DATA,
            file
                + " does not fit the model: it gives token id "
                + ids[i]
                + ", and config.json has vocab_size "
                + vocabSize
                + ".");
      }
    }
    return result;
  }

  /** Token ids to text, special tokens left out. */
  public String decode(int[] ids) {
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      wide[i] = ids[i];
    }
    return tokenizer.decode(wide, true);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
