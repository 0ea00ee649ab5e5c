package dev.apo.operator.drill;

import dev.apo.operator.apiserver.KubeApi;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.Map;

/** Gives the operator under test a real API server behind a {@link FaultProxy}. */
public final class FaultyApiResource implements QuarkusTestResourceLifecycleManager {
  private KubeApi api;
  private FaultProxy proxy;

  @Override
  public Map<String, String> start() {
    api = new KubeApi();
    proxy = new FaultProxy(api.config());
    return Map.of(
        "quarkus.kubernetes-client.api-server-url",
        proxy.url(),
        "quarkus.kubernetes-client.namespace",
        KubeApi.NAMESPACE);
  }

  @Override
  public void inject(TestInjector injector) {
    injector.injectIntoFields(api, new TestInjector.MatchesType(KubeApi.class));
    injector.injectIntoFields(proxy, new TestInjector.MatchesType(FaultProxy.class));
  }

  @Override
  public void stop() {
    proxy.close();
    api.close();
  }
}
