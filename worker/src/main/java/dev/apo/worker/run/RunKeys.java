package dev.apo.worker.run;

/**
 * Where a run keeps its artifacts in storage. The uid tells two resources of the same name apart,
 * one created after the other was deleted.
 */
public record RunKeys(String namespace, String name, String uid) {
  /** Names within {@link #root}, for those who have a run's directory and not its name. */
  public static final String SPEC = "spec.json";

  public static final String PREPARED = "prepared.json";
  public static final String VALUES = "values.json";
  public static final String METRICS = "metrics.jsonl";
  public static final String ROLLOUTS = "rollouts.jsonl";
  public static final String SAMPLES = "samples.jsonl";
  public static final String RESULT = "result.json";
  public static final String USAGE = "usage";
  public static final String REPORT = "report.html";
  public static final String INPUTS = "inputs.json";
  public static final String MODEL = "model";
  public static final String DIVERGENCE = "divergence.json";

  /** {@code runs/NAMESPACE/NAME/UID} */
  public String root() {
    return "runs/" + namespace + "/" + name + "/" + uid;
  }

  /** What prepare decided. */
  public String prepared() {
    return root() + "/" + PREPARED;
  }

  /** What the run was started with; a changed manifest is compared with it. */
  public String spec() {
    return root() + "/" + SPEC;
  }

  /** What was behind the manifest's addresses when the run was started. */
  public String inputs() {
    return root() + "/" + INPUTS;
  }

  /** The commits that the run's revisions on the hub stand for. */
  public String commits() {
    return root() + "/commits.json";
  }

  public String checkpoints() {
    return root() + "/checkpoints";
  }

  /** The trained model, in Hugging Face layout. */
  public String model() {
    return root() + "/" + MODEL;
  }

  public String metrics() {
    return root() + "/" + METRICS;
  }

  /** Some of the responses of each step. */
  public String rollouts() {
    return root() + "/" + ROLLOUTS;
  }

  /** How the optimal values of the prompts are distributed. */
  public String values() {
    return root() + "/" + VALUES;
  }

  /** What stages have used so far, one object a stage or shard. */
  public String usage() {
    return root() + "/" + USAGE;
  }

  /** The run's page. */
  public String report() {
    return root() + "/" + REPORT;
  }

  /** TensorBoard's file. */
  public String events() {
    return root() + "/events.out.tfevents.apo";
  }

  /** Which run of an MLflow server this run is tracked as. */
  public String mlflow() {
    return root() + "/mlflow.json";
  }

  /** Responses to evaluation prompts, before and after training. */
  public String samples() {
    return root() + "/" + SAMPLES;
  }

  /** What training came to. */
  public String result() {
    return root() + "/" + RESULT;
  }
}
