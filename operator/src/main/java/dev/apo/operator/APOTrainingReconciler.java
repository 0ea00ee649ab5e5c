package dev.apo.operator;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.operator.act.Actor;
import dev.apo.operator.act.JobRefusedException;
import dev.apo.operator.act.StatusWriter;
import dev.apo.operator.decide.Decider;
import dev.apo.operator.decide.Decision;
import dev.apo.operator.decide.Observation;
import dev.apo.operator.events.EventPublisher;
import dev.apo.operator.events.Transition;
import dev.apo.operator.health.StageWatchCheck;
import dev.apo.operator.health.WatchCheck;
import dev.apo.operator.jobs.JobFactory;
import dev.apo.operator.metrics.RunMetrics;
import dev.apo.operator.observe.Observer;
import dev.apo.operator.progress.ProgressPoller;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.ErrorStatusUpdateControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.health.Liveness;
import org.jboss.logging.Logger;

/** Observes, decides, acts, and stores the status, in this order. */
@ControllerConfiguration(
    name = APOTrainingReconciler.NAME,
    fieldManager = StatusWriter.FIELD_MANAGER,
    retry = CappedRetry.class,
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 10, timeUnit = TimeUnit.MINUTES))
public final class APOTrainingReconciler implements Reconciler<APOTraining> {
  static final String NAME = "apotraining";

  private static final Logger LOG = Logger.getLogger(APOTrainingReconciler.class);

  /** How soon to look again after something else wrote the resource first. */
  private static final Duration AFTER_CONFLICT = Duration.ofMillis(200);

  private final Clock clock = Clock.systemUTC();
  private final SimpleInboundEventSource<APOTraining> progressed =
      new SimpleInboundEventSource<>("progress");
  private final ProgressPoller<ResourceID> poller;
  private final Observer observer;
  private final Actor actor;
  private final StatusWriter statuses;
  private final EventPublisher events;
  private final RunMetrics metrics;
  private final WatchCheck watch;
  private final StageWatchCheck stageWatch;

  APOTrainingReconciler(
      KubernetesClient client,
      OperatorConfig config,
      RunMetrics metrics,
      @Liveness WatchCheck watch,
      @Liveness StageWatchCheck stageWatch) {
    this.poller = new ProgressPoller<>(config.progressInterval(), progressed::propagateEvent);
    this.observer = new Observer(client, poller::of);
    this.actor = new Actor(client, new JobFactory(config.workerImage(), config.gracePeriod()));
    this.statuses = new StatusWriter(client);
    this.events = new EventPublisher(client, config.instance());
    this.metrics = metrics;
    this.watch = watch;
    this.stageWatch = stageWatch;
  }

  @Override
  public List<EventSource<?, APOTraining>> prepareEventSources(
      EventSourceContext<APOTraining> context) {
    poller.start();
    metrics.count(() -> context.getPrimaryCache().list());
    watch.of(
        id ->
            context
                .getPrimaryCache()
                .get(id)
                .map(cached -> cached.getMetadata().getResourceVersion())
                .orElse(null));
    InformerEventSource<Job, APOTraining> jobs = owned(Job.class, context);
    InformerEventSource<Pod, APOTraining> pods = owned(Pod.class, context);
    stageWatch.start(
        () -> context.getPrimaryCache().list(APOTrainingReconciler::isAtWork).findAny(),
        jobs::get,
        pods::get);
    return List.of(jobs, pods, progressed);
  }

  private static boolean isAtWork(APOTraining training) {
    return training.getStatus() != null && training.getStatus().activeSince() != null;
  }

  /** Watches only what the operator made. */
  private static <R extends HasMetadata> InformerEventSource<R, APOTraining> owned(
      Class<R> type, EventSourceContext<APOTraining> context) {
    return new InformerEventSource<>(
        InformerEventSourceConfiguration.from(type, APOTraining.class)
            .withLabelSelector(Labels.SELECTOR)
            .withNamespacesInheritedFromController()
            .withSecondaryToPrimaryMapper(
                object ->
                    Set.of(
                        new ResourceID(
                            object.getMetadata().getLabels().get(Labels.TRAINING),
                            object.getMetadata().getNamespace())))
            .build(),
        context);
  }

  @Override
  public UpdateControl<APOTraining> reconcile(APOTraining training, Context<APOTraining> context) {
    ResourceID id = ResourceID.fromResource(training);
    if (training.getMetadata().getDeletionTimestamp() != null) {
      // Its Jobs and pods go with it.
      poller.follow(id, List.of());
      return UpdateControl.noUpdate();
    }
    try (LogContext log = LogContext.of(training)) {
      log.attempt(training.getStatus());
      Observation seen =
          observer.observe(
              training,
              context.getSecondaryResources(Job.class),
              context.getSecondaryResources(Pod.class),
              clock.instant());
      poller.follow(
          id,
          seen.jobs().stream()
              .filter(job -> !job.deleting())
              .flatMap(job -> job.pods().stream())
              .toList());
      return carryOut(training, seen, log);
    }
  }

  /** The framework tries again. */
  @Override
  public ErrorStatusUpdateControl<APOTraining> updateErrorStatus(
      APOTraining training, Context<APOTraining> context, Exception trouble) {
    try (LogContext log = LogContext.of(training)) {
      log.attempt(training.getStatus());
      LOG.warn("It does not work now and is tried again", trouble);
    }
    return ErrorStatusUpdateControl.defaultErrorProcessing();
  }

  private UpdateControl<APOTraining> carryOut(
      APOTraining training, Observation seen, LogContext log) {
    Decision decision = Decider.decide(seen);
    log.attempt(decision.status());
    if (!decision.actions().isEmpty()) {
      if (!statuses.isCurrent(training)) {
        return UpdateControl.<APOTraining>noUpdate().rescheduleAfter(AFTER_CONFLICT);
      }
      try {
        actor.act(training, decision.actions());
      } catch (JobRefusedException e) {
        decision = Decider.decide(seen.refused(e.trouble()));
      }
    }
    APOTrainingStatus before = training.getStatus();
    if (!decision.status().equals(before)) {
      Optional<String> version = statuses.write(training, decision.status());
      if (version.isEmpty()) {
        return UpdateControl.<APOTraining>noUpdate().rescheduleAfter(AFTER_CONFLICT);
      }
      watch.written(ResourceID.fromResource(training), version.get());
      events.publish(training, Transition.between(before, decision.status()));
      metrics.observe(training, before, decision.status(), seen);
    }
    return again(decision);
  }

  private static UpdateControl<APOTraining> again(Decision decision) {
    UpdateControl<APOTraining> control = UpdateControl.noUpdate();
    if (decision.lookAgainAfter() == null) {
      return control;
    }
    // At least 1 ms: JOSDK takes 0 for never.
    return control.rescheduleAfter(
        Math.max(1, decision.lookAgainAfter().toMillis()), TimeUnit.MILLISECONDS);
  }
}
