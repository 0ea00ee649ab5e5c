package dev.apo.worker.run;

/**
 * Where a run keeps its artifacts in storage. The uid tells two resources of the same name apart,
 * one created after the other was deleted.
 */
public record RunKeys(String namespace, String name, String uid) {
  /** {@code runs/NAMESPACE/NAME/UID} */
  public String root() {
    return "runs/" + namespace + "/" + name + "/" + uid;
  }

  /** What prepare decided. */
  public String prepared() {
    return root() + "/prepared.json";
  }

  /** What the run was started with; a changed manifest is compared with it. */
  public String spec() {
    return root() + "/spec.json";
  }

  /** What was behind the manifest's addresses when the run was started. */
  public String inputs() {
    return root() + "/inputs.json";
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
    return root() + "/model";
  }

  public String metrics() {
    return root() + "/metrics.jsonl";
  }

  /** Responses to evaluation prompts, before and after training. */
  public String samples() {
    return root() + "/samples.jsonl";
  }

  /** What training came to. */
  public String result() {
    return root() + "/result.json";
  }
}
