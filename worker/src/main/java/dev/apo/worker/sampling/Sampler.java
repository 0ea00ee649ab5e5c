package dev.apo.worker.sampling;

import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.ResponseCache;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Samples responses with continuous batching: every response lives in a slot of the cache, a slot
 * whose response has ended is given to the next one, and a prompt is run once for all its
 * responses. What is sampled depends on the requests and the settings alone, so that the same call
 * always returns the same responses.
 */
public final class Sampler {
  private static final int MAX_SLOTS = 256;
  private static final int MIN_SLOTS = 8;

  /** Prompt tokens, padding included, that run through the model at once. */
  private static final int PREFILL_TOKENS = 4096;

  private final Decoder decoder;
  private final SamplingSettings settings;

  public Sampler(Decoder decoder, SamplingSettings settings) {
    this.decoder = decoder;
    this.settings = settings;
  }

  /** Samples all responses; results stand in the order of the requests and of their seeds. */
  public List<List<Response>> sample(List<Request> requests) {
    return sample(requests, n -> {});
  }

  /**
   * @param ended told the number of responses that have ended so far
   */
  public List<List<Response>> sample(List<Request> requests, IntConsumer ended) {
    if (requests.isEmpty()) {
      return List.of();
    }
    try (Run run = new Run(requests)) {
      while (run.live > 0 || !run.waiting.isEmpty()) {
        if (run.shouldAdmit()) {
          run.admit();
        } else {
          run.advance();
        }
        ended.accept(run.ended);
      }
      return run.results();
    }
  }

  /** A response under way. */
  private static final class Slot {
    final int request;
    final int sample;
    final long seed;
    final int promptLength;
    int[] tokens = new int[16];
    int length;

    Slot(int request, int sample, Request of) {
      this.request = request;
      this.sample = sample;
      this.seed = of.seeds()[sample];
      this.promptLength = of.prompt().length;
    }

    void append(int token) {
      if (length == tokens.length) {
        tokens = Arrays.copyOf(tokens, 2 * length);
      }
      tokens[length++] = token;
    }

    float nextUniform() {
      return new RandomStream(seed).uniform(length);
    }
  }

  /** The state of one call: which response lives in which slot. */
  private final class Run implements AutoCloseable {
    final List<Request> requests;
    final Response[][] responses;
    final Deque<Slot> waiting = new ArrayDeque<>();
    final ResponseCache cache;
    Slot[] slots;
    int live;
    int ended;

    Run(List<Request> requests) {
      this.requests = requests;
      this.responses = new Response[requests.size()][];
      int longest = 0;
      for (int r = 0; r < requests.size(); r++) {
        Request request = requests.get(r);
        responses[r] = new Response[request.seeds().length];
        longest = Math.max(longest, request.prompt().length);
        for (int s = 0; s < request.seeds().length; s++) {
          waiting.add(new Slot(r, s, request));
        }
      }
      int length = longest + settings.maxNewTokens();
      long affordable = Math.min(MAX_SLOTS, Math.max(MIN_SLOTS, decoder.slots(length)));
      slots = new Slot[(int) Math.min(affordable, waiting.size())];
      cache = decoder.cache(slots.length, length, settings.controls());
    }

    /** Prompts are run in groups: a quarter of the slots at least, or whatever is left. */
    boolean shouldAdmit() {
      int free = slots.length - live;
      return !waiting.isEmpty()
          && free > 0
          && (live == 0 || 4 * free >= slots.length || free >= waiting.size());
    }

    void admit() {
      var prompts = new ArrayList<int[]>();
      var source = new ArrayList<Integer>();
      var places = new ArrayList<Integer>();
      int lastRequest = -1;
      int width = 0;
      for (int place = 0; place < slots.length && !waiting.isEmpty(); place++) {
        if (slots[place] != null) {
          continue;
        }
        Slot next = waiting.peek();
        if (next.request != lastRequest) {
          int wider = Math.max(width, next.promptLength);
          if (!prompts.isEmpty() && wider * (prompts.size() + 1) > PREFILL_TOKENS) {
            break;
          }
          width = wider;
          prompts.add(requests.get(next.request).prompt());
          lastRequest = next.request;
        }
        slots[place] = waiting.poll();
        live++;
        source.add(prompts.size() - 1);
        places.add(place);
      }
      float[] uniforms = new float[places.size()];
      for (int i = 0; i < uniforms.length; i++) {
        uniforms[i] = slots[places.get(i)].nextUniform();
      }
      int[] at = toInts(places);
      int[] tokens = cache.prefill(prompts, toInts(source), at, uniforms);
      for (int i = 0; i < at.length; i++) {
        take(at[i], tokens[i]);
      }
      shrink();
    }

    void advance() {
      int[] tokens = new int[slots.length];
      int[] positions = new int[slots.length];
      float[] uniforms = new float[slots.length];
      int span = 1;
      for (int i = 0; i < slots.length; i++) {
        Slot slot = slots[i];
        if (slot != null) {
          tokens[i] = slot.tokens[slot.length - 1];
          positions[i] = slot.promptLength + slot.length - 1;
          uniforms[i] = slot.nextUniform();
          span = Math.max(span, positions[i] + 1);
        }
      }
      int[] next = cache.decode(tokens, positions, uniforms, span);
      for (int i = 0; i < slots.length; i++) {
        if (slots[i] != null) {
          take(i, next[i]);
        }
      }
      shrink();
    }

    private void take(int place, int token) {
      Slot slot = slots[place];
      slot.append(token);
      boolean eos = settings.eosIds().contains(token);
      int most = Math.min(settings.maxNewTokens(), requests.get(slot.request).mostTokens());
      if (eos || slot.length == most) {
        responses[slot.request][slot.sample] =
            new Response(Arrays.copyOf(slot.tokens, slot.length), !eos);
        slots[place] = null;
        live--;
        ended++;
      }
    }

    /** With nothing left to admit, empty slots are dropped once they are a quarter of all. */
    private void shrink() {
      if (waiting.isEmpty() && live > 0 && 4 * (slots.length - live) >= slots.length) {
        int[] kept = new int[live];
        Slot[] compact = new Slot[live];
        int n = 0;
        for (int i = 0; i < slots.length; i++) {
          if (slots[i] != null) {
            kept[n] = i;
            compact[n++] = slots[i];
          }
        }
        cache.keep(kept);
        slots = compact;
      }
    }

    @Override
    public void close() {
      cache.close();
    }

    List<List<Response>> results() {
      return Arrays.stream(responses).map(List::of).toList();
    }
  }

  private static int[] toInts(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }
}
