package dev.apo.api.v1alpha1;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn.Type;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** One training run of a causal language model with A*-PO. */
@Group(APOTraining.GROUP)
@Version(APOTraining.VERSION)
@Kind(APOTraining.KIND)
@Singular("apotraining")
@Plural("apotrainings")
@ShortNames("apo")
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase", type = Type.STRING)
@AdditionalPrinterColumn(name = "Progress", jsonPath = ".status.progress", type = Type.STRING)
@AdditionalPrinterColumn(
    name = "Reward",
    jsonPath = ".status.results.train.reward",
    type = Type.NUMBER)
@AdditionalPrinterColumn(
    name = "Accuracy",
    jsonPath = ".status.results.train.accuracy",
    type = Type.NUMBER)
@AdditionalPrinterColumn(name = "Age", jsonPath = ".metadata.creationTimestamp", type = Type.DATE)
@ValidationRule(
    value = "size(self.metadata.name) <= 40",
    message =
        "metadata.name must have at most 40 characters, because Jobs and pods are named after it")
public final class APOTraining extends CustomResource<APOTrainingSpec, APOTrainingStatus>
    implements Namespaced {
  public static final String GROUP = "apo.dev";
  public static final String VERSION = "v1alpha1";
  public static final String API_VERSION = GROUP + "/" + VERSION;
  public static final String KIND = "APOTraining";

  @Override
  @Required
  public APOTrainingSpec getSpec() {
    return super.getSpec();
  }

  /** No empty spec is made up: writing one back would overwrite what the user set. */
  @Override
  protected APOTrainingSpec initSpec() {
    return null;
  }

  /** No status until the operator has one. */
  @Override
  protected APOTrainingStatus initStatus() {
    return null;
  }
}
