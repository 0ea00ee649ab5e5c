package dev.apo.worker.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The order in which the decoder program expects its arrays: embedding, final norm, the head unless
 * it is tied, then six arrays a layer: input norm, q|k|v, attention output, post-attention norm,
 * gate|up, down; behind them, where the family has them, the bias of q|k|v, the norms of the heads
 * of q and of k.
 */
public final class Parameters {
  private Parameters() {}

  /** Those of a language model. */
  public static List<Parameter> of(ModelConfig c) {
    return all(
        c,
        c.tiedEmbeddings() ? List.of() : List.of(part("lm_head", c.vocabSize(), c.hiddenSize())));
  }

  /** Those of a critic: its head gives one value. */
  public static List<Parameter> ofCritic(ModelConfig c) {
    return all(c, List.of(part("score", 1, c.hiddenSize())));
  }

  private static List<Parameter> all(ModelConfig c, List<Parameter.Part> heads) {
    var all = new ArrayList<Parameter>();
    all.add(matrix(c.hiddenSize(), part("model.embed_tokens", c.vocabSize(), c.hiddenSize())));
    all.add(vector("model.norm", c.hiddenSize()));
    heads.forEach(head -> all.add(matrix(c.hiddenSize(), head)));
    int hidden = c.hiddenSize();
    int q = c.heads() * c.headDim();
    int kv = c.kvHeads() * c.headDim();
    for (int i = 0; i < c.layers(); i++) {
      String layer = "model.layers." + i + ".";
      all.add(vector(layer + "input_layernorm", hidden));
      all.add(
          matrix(
              hidden,
              part(layer + "self_attn.q_proj", q, hidden),
              part(layer + "self_attn.k_proj", kv, hidden),
              part(layer + "self_attn.v_proj", kv, hidden)));
      all.add(matrix(q, part(layer + "self_attn.o_proj", hidden, q)));
      all.add(vector(layer + "post_attention_layernorm", hidden));
      all.add(
          matrix(
              hidden,
              part(layer + "mlp.gate_proj", c.intermediateSize(), hidden),
              part(layer + "mlp.up_proj", c.intermediateSize(), hidden)));
      all.add(
          matrix(
              c.intermediateSize(), part(layer + "mlp.down_proj", hidden, c.intermediateSize())));
      if (c.projectionBias()) {
        all.add(
            new Parameter(
                List.of(
                    new Parameter.Part(layer + "self_attn.q_proj.bias", new long[] {q}),
                    new Parameter.Part(layer + "self_attn.k_proj.bias", new long[] {kv}),
                    new Parameter.Part(layer + "self_attn.v_proj.bias", new long[] {kv})),
                new long[] {q + 2L * kv}));
      }
      if (c.headNorms()) {
        all.add(vector(layer + "self_attn.q_norm", c.headDim()));
        all.add(vector(layer + "self_attn.k_norm", c.headDim()));
      }
    }
    return List.copyOf(all);
  }

  private static Parameter.Part part(String stem, long... shape) {
    return new Parameter.Part(stem + ".weight", shape);
  }

  private static Parameter vector(String stem, long size) {
    return new Parameter(List.of(part(stem, size)), new long[] {size});
  }

  private static Parameter matrix(long columns, Parameter.Part... parts) {
    long rows = 0;
    for (Parameter.Part part : parts) {
      rows += part.shape()[0];
    }
    return new Parameter(List.of(parts), new long[] {rows, columns});
  }
}
