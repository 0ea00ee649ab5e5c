package dev.apo.worker.cost;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StoredObject;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a run took.
 *
 * @param stages by name, in the order in which they run
 * @param total of them
 * @param currency of the money; null without a price
 */
public record Cost(Map<String, StageCost> stages, StageCost total, String currency) {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> STAGES = List.of("prepare", "estimate", "train");

  /**
   * Adds up what stages have noted; what cannot be read counts nothing.
   *
   * @param directory the run's {@code usage} directory
   */
  public static Cost read(Storage storage, String directory) {
    Map<String, StageCost> stages = new LinkedHashMap<>();
    STAGES.forEach(stage -> stages.put(stage, StageCost.NONE));
    String currency = null;
    for (StoredObject object : storage.list(directory)) {
      String name = object.key().substring(object.key().lastIndexOf('/') + 1);
      Usage usage = read(storage.read(object.key()));
      stages.computeIfPresent(
          name.replaceFirst("[-.].*", ""), (stage, cost) -> cost.plus(usage.cost()));
      if (usage.price() != null) {
        currency = usage.price().currency();
      }
    }
    return new Cost(
        stages, stages.values().stream().reduce(StageCost.NONE, StageCost::plus), currency);
  }

  /** E.g. {@code 0.021 CPU-hours (estimate 0.004, train 0.017), 0.85 USD}. */
  public String inWords() {
    boolean gpus = total.gpuHours() > 0;
    String parts =
        stages.entrySet().stream()
            .map(stage -> stage.getKey() + " " + figure(hours(stage.getValue(), gpus)))
            .collect(Collectors.joining(", "));
    String money = total.money() == null ? "" : ", " + figure(total.money()) + " " + currency;
    return "%s %s-hours (%s)%s"
        .formatted(figure(hours(total, gpus)), gpus ? "GPU" : "CPU", parts, money);
  }

  private static double hours(StageCost cost, boolean gpus) {
    return gpus ? cost.gpuHours() : cost.cpuHours();
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, value < 1 ? "%.4f" : "%.2f", value);
  }

  static Usage read(byte[] json) {
    try {
      Usage usage = JSON.readValue(json, Usage.class);
      return usage == null ? Usage.NONE : usage;
    } catch (IOException e) {
      return Usage.NONE;
    }
  }
}
