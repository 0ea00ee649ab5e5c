package dev.apo.operator.apiserver;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.Map;

/** Gives the operator under test a real API server. */
public final class KubeApiResource implements QuarkusTestResourceLifecycleManager {
  private KubeApi api;

  @Override
  public Map<String, String> start() {
    api = new KubeApi();
    return Map.of(
        "quarkus.kubernetes-client.api-server-url",
        api.config().getMasterUrl(),
        "quarkus.kubernetes-client.ca-cert-file",
        api.certificate("apiserver.crt").toString(),
        "quarkus.kubernetes-client.client-cert-file",
        api.certificate("client.crt").toString(),
        "quarkus.kubernetes-client.client-key-file",
        api.certificate("client.key").toString(),
        "quarkus.kubernetes-client.namespace",
        KubeApi.NAMESPACE);
  }

  @Override
  public void inject(TestInjector injector) {
    injector.injectIntoFields(api, new TestInjector.MatchesType(KubeApi.class));
  }

  @Override
  public void stop() {
    api.close();
  }
}
