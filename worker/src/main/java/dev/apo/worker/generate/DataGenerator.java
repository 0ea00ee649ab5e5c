package dev.apo.worker.generate;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.generate.Task.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes {@code train.jsonl} and {@code test.jsonl} with the columns prompt and answer. All
 * problems are different, and depend on the seed alone: the first rows of a larger test set are
 * those of a smaller one.
 */
public record DataGenerator(Task task, long seed) {
  private static final int ATTEMPTS_PER_ROW = 100;
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * @throws ApoException USAGE if the task has fewer different problems
   */
  public void write(Path directory, int trainRows, int testRows) throws IOException {
    List<Problem> problems = problems(trainRows + testRows);
    Files.createDirectories(directory);
    writeRows(directory.resolve("test.jsonl"), problems.subList(0, testRows));
    writeRows(directory.resolve("train.jsonl"), problems.subList(testRows, problems.size()));
  }

  List<Problem> problems(int count) {
    Set<Problem> problems = new LinkedHashSet<>();
    for (long i = 0; problems.size() < count; i++) {
      if (i >= (long) ATTEMPTS_PER_ROW * count) {
        throw new ApoException(
            ExitCode.USAGE,
            "There are hardly more than %d different problems with these settings; ask for fewer rows, or for larger numbers."
                .formatted(problems.size()));
      }
      problems.add(task.problem(RandomStream.of(seed, i)));
    }
    return List.copyOf(problems);
  }

  private static void writeRows(Path file, List<Problem> problems) throws IOException {
    var lines = new StringBuilder();
    for (Problem problem : problems) {
      Map<String, String> row = new LinkedHashMap<>();
      row.put("prompt", problem.prompt());
      row.put("answer", problem.answer());
      lines.append(JSON.writeValueAsString(row)).append('\n');
    }
    Files.writeString(file, lines);
  }
}
