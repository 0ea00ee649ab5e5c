package dev.apo.worker.cli;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.gguf.TemporaryModel;
import dev.apo.worker.model.ChatTemplate;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.PromptFormat;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Sampler;
import dev.apo.worker.sampling.SamplingSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code apo generate}: try a model. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = "Continues a prompt with a model.")
final class GenerateCommand implements Callable<Integer> {
  private static final int DEFAULT_NEW_TOKENS = 128;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "A Hugging Face model directory, or a file that ends in .gguf.")
  private Path model;

  @Option(
      names = "--prompt",
      required = true,
      paramLabel = "TEXT",
      description = "The text to continue.")
  private String prompt;

  @Option(
      names = "--chat",
      description = "Take the text as a user's turn in the model's own chat template.")
  private boolean chat;

  @Option(names = "--system", paramLabel = "TEXT", description = "The system prompt of --chat.")
  private String system;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "Default: 128, or what the model has room for.")
  private Integer maxNewTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0 takes the most probable token (default).")
  private double temperature;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "1",
      description = "Default: ${DEFAULT-VALUE}.")
  private int samples;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--precision",
      paramLabel = "FP32|BF16",
      defaultValue = "FP32",
      description = "Default: ${DEFAULT-VALUE}.")
  private Precision precision;

  @Override
  public Integer call() {
    if (maxNewTokens != null && maxNewTokens < 1 || samples < 1 || temperature < 0) {
      throw new ApoException(
          ExitCode.USAGE,
          "--max-new-tokens and --samples must be at least 1, and --temperature at least 0.");
    }
    if (system != null && !chat) {
      throw new ApoException(ExitCode.USAGE, "--system is a part of a conversation: add --chat.");
    }
    try (var source = TemporaryModel.of(model)) {
      generate(ModelDirectory.open(source.directory()));
    }
    return 0;
  }

  private void generate(ModelDirectory directory) {
    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      var format = new PromptFormat(tokenizer, chat ? ChatTemplate.load(directory) : null, system);
      int[] tokens = format.encode(format.render(prompt));
      int room = directory.config().maxPositions() - tokens.length;
      int limit =
          maxNewTokens != null ? maxNewTokens : Math.max(1, Math.min(DEFAULT_NEW_TOKENS, room));
      int length = tokens.length + limit;
      if (tokens.length == 0 || length > directory.config().maxPositions()) {
        throw new ApoException(
            ExitCode.USAGE,
            "The prompt has "
                + tokens.length
                + " tokens and up to "
                + limit
                + " follow; the model takes 1 to "
                + directory.config().maxPositions()
                + " in all.");
      }
      long[] seeds = new long[samples];
      for (int i = 0; i < samples; i++) {
        seeds[i] = RandomStream.of(seed, i).key();
      }
      try (Decoder decoder = Decoder.load(directory, precision, length, Trainable.NOTHING)) {
        var settings =
            new SamplingSettings(
                new Decoder.Controls(temperature, 1, 0), limit, directory.eosIds());
        for (var response :
            new Sampler(decoder, settings).sample(List.of(new Request(tokens, seeds))).get(0)) {
          System.out.println(tokenizer.decode(response.tokens()));
        }
      }
    }
  }
}
