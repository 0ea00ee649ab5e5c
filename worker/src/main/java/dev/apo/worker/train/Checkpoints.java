package dev.apo.worker.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.model.ModelExport;
import dev.apo.worker.model.Parameter;
import dev.apo.worker.model.Safetensors;
import dev.apo.worker.model.SafetensorsWriter;
import dev.apo.worker.storage.ArtifactManifest;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StoredObject;
import dev.apo.worker.telemetry.Reporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Checkpoints of one run: weights, AdamW's moments and the training state, each in a directory
 * {@code step-00000050} whose manifest, written last, makes it valid. A damaged checkpoint is named
 * and the one before it is used.
 */
final class Checkpoints {
  private static final String STATE = "state.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Storage storage;
  private final String directory;
  private final Path scratch;
  private final int keep;
  private final Reporter reporter;
  private int lastSaved = -1;

  /**
   * @param directory key under which the checkpoints lie
   * @param scratch local directory for files on their way
   * @param keep how many of the newest are kept, beside the best
   */
  Checkpoints(Storage storage, String directory, Path scratch, int keep, Reporter reporter) {
    this.storage = storage;
    this.directory = directory;
    this.scratch = scratch;
    this.keep = keep;
    this.reporter = reporter;
  }

  private static String file(String prefix, Decoder.State state) {
    return prefix + state.name().toLowerCase(java.util.Locale.ROOT) + ".safetensors";
  }

  private String key(int step) {
    return directory + "/" + String.format("step-%08d", step);
  }

  /**
   * Saves where the run stands, then deletes what need not be kept. Does nothing if this step is
   * saved already.
   *
   * @param models what is trained, by what their files' names begin with
   */
  void save(Map<String, Decoder> models, TrainingState state) {
    if (state.step() == lastSaved) {
      return;
    }
    String key = key(state.step());
    // A damaged checkpoint of this step may be there; half replaced it must not look whole.
    storage.delete(key + "/" + ArtifactManifest.NAME);
    var parts = new ArrayList<ArtifactManifest.Part>();
    try {
      Files.createDirectories(scratch);
      for (Map.Entry<String, Decoder> model : models.entrySet()) {
        for (Decoder.State part : Decoder.State.values()) {
          parts.add(upload(key, file(model.getKey(), part), model.getValue(), part));
        }
      }
      byte[] json = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(state);
      parts.add(ArtifactManifest.Part.of(STATE, json));
      storage.write(key + "/" + STATE, json);
    } catch (IOException e) {
      throw FileErrors.explain("write", scratch, e);
    }
    ArtifactManifest.write(storage, key, parts, Map.of("step", Integer.toString(state.step())));
    lastSaved = state.step();
    prune(state);
  }

  private ArtifactManifest.Part upload(String key, String name, Decoder decoder, Decoder.State part)
      throws IOException {
    Path file = scratch.resolve(name);
    ModelExport.writeWeights(
        file,
        decoder.trained(),
        SafetensorsWriter.Format.F32,
        (parameter, offset, count) -> decoder.read(part, parameter, offset, count));
    storage.upload(key + "/" + name, file);
    ArtifactManifest.Part uploaded = ArtifactManifest.Part.of(name, file);
    Files.delete(file);
    return uploaded;
  }

  private void prune(TrainingState state) {
    var steps = steps();
    // What lies beyond this step is damaged, else the run had gone on from there.
    var past = steps.stream().filter(step -> step <= state.step()).toList();
    var kept = new TreeSet<>(past.subList(Math.max(0, past.size() - keep), past.size()));
    if (state.best() != null) {
      kept.add(state.best().step());
    }
    for (int step : steps) {
      if (!kept.contains(step)) {
        delete(step);
      }
    }
  }

  private void delete(int step) {
    // The manifest goes first, so that a checkpoint is never valid in part.
    storage.delete(key(step) + "/" + ArtifactManifest.NAME);
    for (StoredObject object : storage.list(key(step))) {
      storage.delete(object.key());
    }
  }

  /** Steps that have a checkpoint, whole or not, in rising order. */
  private List<Integer> steps() {
    var steps = new TreeSet<Integer>();
    for (StoredObject object : storage.list(directory)) {
      String[] parts = object.key().substring(directory.length() + 1).split("/");
      if (parts.length == 2 && parts[0].matches("step-\\d{8}")) {
        steps.add(Integer.parseInt(parts[0].substring(5)));
      }
    }
    return List.copyOf(steps);
  }

  /**
   * Brings weights and moments to where the newest whole checkpoint left them.
   *
   * @return its state; empty if there is none at all
   * @throws ApoException BAD_ARTIFACT if there are checkpoints and none of them is whole: a run
   *     never starts afresh silently
   */
  Optional<TrainingState> restore(Map<String, Decoder> models) {
    List<Integer> steps = steps();
    var damaged = new ArrayList<String>();
    for (int step : steps.stream().sorted(Comparator.reverseOrder()).toList()) {
      String key = key(step);
      if (storage.stat(key + "/" + ArtifactManifest.NAME).isEmpty()) {
        // A kill came before the manifest: it was never a checkpoint.
        continue;
      }
      try {
        Optional<TrainingState> state = Optional.of(load(models, key));
        lastSaved = step;
        return state;
      } catch (ApoException e) {
        if (e.exitCode() != ExitCode.BAD_ARTIFACT && e.exitCode() != ExitCode.BAD_DATA) {
          throw e;
        }
        damaged.add(storage.uri(key));
        reporter.message("The checkpoint of step " + step + " is not used: " + e.getMessage());
      }
    }
    if (!damaged.isEmpty()) {
      throw new ApoException(
          ExitCode.BAD_ARTIFACT,
          "No checkpoint is whole ("
              + String.join(", ", damaged)
              + "); restore one, or start again with --fresh.");
    }
    return Optional.empty();
  }

  private TrainingState load(Map<String, Decoder> models, String key) {
    ArtifactManifest manifest = ArtifactManifest.read(storage, key);
    try {
      Files.createDirectories(scratch);
      TrainingState state = JSON.readValue(manifest.read(storage, key, STATE), TrainingState.class);
      for (Map.Entry<String, Decoder> model : models.entrySet()) {
        for (Decoder.State part : Decoder.State.values()) {
          String name = file(model.getKey(), part);
          Path file = scratch.resolve(name);
          manifest.download(storage, key, name, file);
          fill(model.getValue(), part, file);
          Files.delete(file);
        }
        model.getValue().weightsChanged();
      }
      return state;
    } catch (JsonProcessingException e) {
      throw new ApoException(
          ExitCode.BAD_ARTIFACT,
          storage.uri(key + "/" + STATE) + " is not what this version writes.",
          e);
    } catch (IOException e) {
      throw FileErrors.explain("write", scratch, e);
    }
  }

  private static void fill(Decoder decoder, Decoder.State state, Path file) {
    try (Safetensors tensors = Safetensors.open(file)) {
      for (int p = 0; p < decoder.trained().size(); p++) {
        int parameter = p;
        long offset = 0;
        for (Parameter.Part part : decoder.trained().get(p).parts()) {
          Safetensors.Entry entry = tensors.entry(part.name());
          if (entry == null || entry.bytes() != part.size() * Float.BYTES) {
            throw new ApoException(
                ExitCode.BAD_ARTIFACT,
                file.getFileName() + " does not fit the model at " + part.name() + ".");
          }
          long start = offset;
          tensors.read(
              part.name(),
              (first, values) -> decoder.write(state, parameter, start + first, values));
          offset += part.size();
        }
      }
    }
  }
}
