package dev.apo.worker.pretrain;

import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.TokenBatch;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.ModelExport;
import dev.apo.worker.model.SafetensorsWriter;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Sampler;
import dev.apo.worker.sampling.SamplingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Supervised warm start of a small model on {@link AdditionTask}: next-token cross-entropy on the
 * answers, until held-out greedy accuracy is high enough to sample correct answers and low enough
 * to leave something to learn.
 */
public final class Pretrainer {
  /**
   * @param targetAccuracy training stops at the first evaluation that reaches it, 0 to 1
   * @param trainRows problems written to train.jsonl
   * @param evalRows problems written to test.jsonl, disjoint from the former
   */
  public record Settings(
      int layers,
      int hiddenSize,
      int batchSize,
      int maxSteps,
      double learningRate,
      double targetAccuracy,
      int trainRows,
      int evalRows,
      long seed) {}

  /** What came out. */
  public record Result(int steps, double accuracy) {}

  private static final int EVALUATE_EVERY = 25;
  private static final int MAX_ANSWER_TOKENS = 5;

  private final Settings settings;
  private final Consumer<String> log;

  public Pretrainer(Settings settings, Consumer<String> log) {
    this.settings = settings;
    this.log = log;
  }

  /** Writes {@code DIR/model}, {@code DIR/train.jsonl} and {@code DIR/test.jsonl}. */
  public Result run(Path directory) throws IOException {
    List<AdditionTask.Problem> all = AdditionTask.problems(settings.seed());
    List<AdditionTask.Problem> eval = all.subList(0, settings.evalRows());
    List<AdditionTask.Problem> train =
        all.subList(settings.evalRows(), settings.evalRows() + settings.trainRows());
    Path model = Files.createDirectories(directory.resolve("model"));
    var config = SmallModel.config(settings.layers(), settings.hiddenSize());
    SmallModel.writeCompanions(model, config, "bfloat16");
    writeRows(directory.resolve("train.jsonl"), train);
    writeRows(directory.resolve("test.jsonl"), eval);
    // The weights come last; until then the directory is opened for its tokenizer only.
    var unfinished = new ModelDirectory(model, config, Set.of(CharacterTokenizer.EOS), List.of());
    try (Tokenizer tokenizer = Tokenizer.load(unfinished);
        Decoder decoder = Decoder.empty(config, Precision.FP32, config.maxPositions())) {
      SmallModel.initialise(decoder, settings.seed());
      Result result = train(decoder, tokenizer, train, eval);
      ModelExport.writeWeights(
          model.resolve("model.safetensors"),
          decoder.parameters(),
          SafetensorsWriter.Format.BF16,
          (parameter, offset, count) ->
              decoder.read(Decoder.State.WEIGHTS, parameter, offset, count));
      return result;
    }
  }

  private Result train(
      Decoder decoder,
      Tokenizer tokenizer,
      List<AdditionTask.Problem> train,
      List<AdditionTask.Problem> eval) {
    decoder.prepareTraining();
    var adamW = AdamW.of(0.01, 1.0);
    var random = RandomStream.of(settings.seed(), 1);
    double accuracy = 0;
    for (int step = 1; step <= settings.maxSteps(); step++) {
      var batch = new ArrayList<TokenBatch.Sequence>();
      for (int i = 0; i < settings.batchSize(); i++) {
        long bits = random.bits((long) step * settings.batchSize() + i);
        batch.add(sequence(tokenizer, train.get((int) Long.remainderUnsigned(bits, train.size()))));
      }
      TokenBatch tokens = TokenBatch.of(batch);
      decoder.forward(tokens, 1);
      float[] coefficients = new float[tokens.targets().length];
      Arrays.fill(coefficients, -1f / coefficients.length);
      decoder.backward(coefficients, new float[0], 1);
      decoder.optimize(step, adamW, settings.learningRate());
      if (step % EVALUATE_EVERY == 0) {
        accuracy = accuracy(decoder, tokenizer, eval);
        log.accept("step " + step + ": held-out accuracy " + accuracy);
        if (accuracy >= settings.targetAccuracy()) {
          return new Result(step, accuracy);
        }
      }
    }
    return new Result(settings.maxSteps(), accuracy);
  }

  private static TokenBatch.Sequence sequence(Tokenizer tokenizer, AdditionTask.Problem problem) {
    int[] answer = tokenizer.encode(problem.answer());
    int[] response = Arrays.copyOf(answer, answer.length + 1);
    response[answer.length] = CharacterTokenizer.EOS;
    return TokenBatch.Sequence.of(tokenizer.encodePrompt(problem.prompt()), response);
  }

  private static double accuracy(
      Decoder decoder, Tokenizer tokenizer, List<AdditionTask.Problem> problems) {
    var sampler =
        new Sampler(
            decoder,
            new SamplingSettings(
                Decoder.Controls.GREEDY, MAX_ANSWER_TOKENS, Set.of(CharacterTokenizer.EOS)));
    var requests =
        problems.stream()
            .map(p -> new Request(tokenizer.encodePrompt(p.prompt()), new long[1]))
            .toList();
    var responses = sampler.sample(requests);
    int correct = 0;
    for (int i = 0; i < problems.size(); i++) {
      if (tokenizer.decode(responses.get(i).get(0).tokens()).equals(problems.get(i).answer())) {
        correct++;
      }
    }
    return (double) correct / problems.size();
  }

  private static void writeRows(Path file, List<AdditionTask.Problem> problems) throws IOException {
    var lines = new StringBuilder();
    for (AdditionTask.Problem p : problems) {
      lines
          .append("{\"prompt\": \"")
          .append(p.prompt())
          .append("\", \"answer\": \"")
          .append(p.answer())
          .append("\"}\n");
    }
    Files.writeString(file, lines);
  }
}
