class Decoder(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  layers : int
  heads : int
  kv_heads : int
  head_dim : int
  tied : bool
  half : bool
  eps : float
  cos : List[Tensor]
  sin : List[Tensor]
  master : List[Tensor]
  gradient : List[Tensor]
  moment1 : List[Tensor]
  moment2 : List[Tensor]
  weights : List[Tensor]
  frozen : List[Tensor]
  reference : List[Tensor]
  keys : List[Tensor]
  values : List[Tensor]
  inputs : List[Tensor]
  outputs : List[Tensor]
  head_state : List[Tensor]

  # ---- set-up -------------------------------------------------------------------------------------------------
  # Weights are one flat list: embedding, final norm, the head unless it is tied, then six arrays a layer:
  # input norm, fused q|k|v, attention output, post-attention norm, fused gate|up, down.
  #   master     float32, owned by Java, what the optimizer updates
  #   weights    what the forward pass computes with (master itself, or its bfloat16 copy); leaves of the graph
  #   frozen     the same storage as weights, outside every graph: sampling and scoring
  #   reference  the reference policy, a copy that never changes

  def configure(self: __torch__.Decoder, sizes: Tensor, eps: Tensor, inv_freq: Tensor, limit: Tensor) -> Tensor:
    self.layers = int(sizes[0])
    self.heads = int(sizes[1])
    self.kv_heads = int(sizes[2])
    self.head_dim = int(sizes[3])
    self.tied = bool(sizes[4])
    self.half = bool(sizes[5])
    self.eps = float(eps)
    angle = torch.outer(torch.arange(int(limit), dtype=6), inv_freq)
    cos = torch.cos(angle)
    sin = torch.sin(angle)
    self.cos = [torch.to(torch.cat([cos, cos], -1), self.dtype())]
    self.sin = [torch.to(torch.cat([-sin, sin], -1), self.dtype())]
    return sizes

  def dtype(self: __torch__.Decoder) -> int:
    if self.half:
      t = 15
    else:
      t = 6
    return t

  def adopt(self: __torch__.Decoder, master: List[Tensor]) -> Tensor:
    self.master = master
    weights = annotate(List[Tensor], [])
    frozen = annotate(List[Tensor], [])
    for w in master:
      if self.half:
        c = torch.to(torch.detach(w), 15)
      else:
        c = torch.detach(w)
      frozen.append(c)
      weights.append(torch.requires_grad_(torch.detach(c), True))
    self.weights = weights
    self.frozen = frozen
    return master[0]

  def adopt_training_state(self: __torch__.Decoder, gradient: List[Tensor], moment1: List[Tensor], moment2: List[Tensor]) -> Tensor:
    self.gradient = gradient
    self.moment1 = moment1
    self.moment2 = moment2
    return gradient[0]

  def refresh(self: __torch__.Decoder, unused: Tensor) -> Tensor:
    if self.half:
      for i in range(len(self.master)):
        _0 = self.frozen[i].copy_(torch.detach(self.master[i]))
    return unused

  def freeze_reference(self: __torch__.Decoder, unused: Tensor) -> Tensor:
    reference = annotate(List[Tensor], [])
    for w in self.frozen:
      reference.append(torch.clone(w))
    self.reference = reference
    return unused

  # Copies values [n] into the flattened target from offset on, and the reverse.
  def store(self: __torch__.Decoder, target: Tensor, offset: Tensor, values: Tensor) -> Tensor:
    flat = torch.view(torch.detach(target), [-1])
    return torch.slice(flat, 0, int(offset), int(offset) + values.size(0)).copy_(values)

  def fetch(self: __torch__.Decoder, source: Tensor, offset: Tensor, count: Tensor) -> Tensor:
    flat = torch.view(torch.detach(source), [-1])
    return torch.clone(torch.slice(flat, 0, int(offset), int(offset) + int(count)))

  # ---- the decoder ----------------------------------------------------------------------------------------------

  def linear(self: __torch__.Decoder, x: Tensor, w: Tensor) -> Tensor:
    return torch.linear(x, w)

  def norm(self: __torch__.Decoder, x: Tensor, w: Tensor) -> Tensor:
    return torch.rms_norm(x, [x.size(-1)], w, self.eps)

  # Rotary positions: the two halves of a head are the parts of complex numbers; sin carries the signs.
  def rotate(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = torch.chunk(x, 2, -1)
    return torch.addcmul(x * cos, torch.cat([b, a], -1), sin)

  # x [B, T, H] -> q [B, T, heads, D], k and v [B, T, kv_heads, D]; cos and sin broadcast over heads.
  def project(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor, ws: List[Tensor], o: int) -> Tuple[Tensor, Tensor, Tensor]:
    fused = self.linear(self.norm(x, ws[o]), ws[o + 1])
    split = fused.view([x.size(0), x.size(1), self.heads + 2 * self.kv_heads, self.head_dim])
    qk, v = torch.split_with_sizes(split, [self.heads + self.kv_heads, self.kv_heads], 2)
    q, k = torch.split_with_sizes(self.rotate(qk, cos, sin), [self.heads, self.kv_heads], 2)
    return (q, k, v)

  # The part of a layer behind attention: x [B, T, H], context [B, T, heads * D] -> [B, T, H].
  def finish(self: __torch__.Decoder, x: Tensor, context: Tensor, ws: List[Tensor], o: int) -> Tensor:
    y = x + self.linear(context, ws[o + 2])
    gate, up = torch.chunk(self.linear(self.norm(y, ws[o + 3]), ws[o + 4]), 2, -1)
    return y + self.linear(torch.silu(gate) * up, ws[o + 5])

  # [B, T, kv_heads, D] -> [B, heads, T, D], each key head repeated for its group of query heads.
  def spread(self: __torch__.Decoder, k: Tensor) -> Tensor:
    group = self.heads // self.kv_heads
    t = torch.transpose(k, 1, 2)
    if group == 1:
      r = t
    else:
      r = torch.reshape(torch.expand(torch.unsqueeze(t, 2), [k.size(0), self.kv_heads, group, k.size(1), self.head_dim]), [k.size(0), self.heads, k.size(1), self.head_dim])
    return r

  # Causal self-attention over whole sequences that start at position 0 and are padded on the right: a real token never
  # sees what comes behind it, so padding needs no mask.
  def attend(self: __torch__.Decoder, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    if q.size(1) <= 32:
      # The fused kernel costs more than it saves on short sequences.
      scores = torch.matmul(torch.transpose(q, 1, 2), torch.transpose(self.spread(k), 2, 3))
      future = torch.triu(torch.full([q.size(1), q.size(1)], -float("inf"), dtype=self.dtype()), 1)
      p = torch.softmax(torch.add(future, scores, alpha=self.head_dim ** -0.5), -1)
      a = torch.matmul(p, self.spread(v))
    else:
      a = torch.scaled_dot_product_attention(torch.transpose(q, 1, 2), self.spread(k), self.spread(v), None, 0., True)
    return torch.reshape(torch.transpose(a, 1, 2), [q.size(0), q.size(1), self.heads * self.head_dim])

  def layer(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor, ws: List[Tensor], o: int) -> Tensor:
    q, k, v = self.project(x, cos, sin, ws, o)
    return self.finish(x, self.attend(q, k, v), ws, o)

  def first_layer(self: __torch__.Decoder) -> int:
    if self.tied:
      o = 2
    else:
      o = 3
    return o

  def head(self: __torch__.Decoder, ws: List[Tensor]) -> Tensor:
    if self.tied:
      w = ws[0]
    else:
      w = ws[2]
    return w

  # ids [B, T] -> cos and sin [T, 1, D]
  def rotary(self: __torch__.Decoder, length: int) -> Tuple[Tensor, Tensor]:
    return (torch.unsqueeze(torch.slice(self.cos[0], 0, 0, length), 1), torch.unsqueeze(torch.slice(self.sin[0], 0, 0, length), 1))

  # ids [B, T] -> last hidden states [B, T, H] before the final norm
  def hidden(self: __torch__.Decoder, ids: Tensor, ws: List[Tensor]) -> Tensor:
    cos, sin = self.rotary(ids.size(1))
    x = torch.embedding(ws[0], ids)
    for i in range(self.layers):
      x = self.layer(x, cos, sin, ws, self.first_layer() + 6 * i)
    return x

  # ids [B, T] -> float32 logits [B, T, V]; for tests and inspection.
  def forward(self: __torch__.Decoder, ids: Tensor) -> Tensor:
    x = self.norm(self.hidden(ids, self.frozen), self.frozen[1])
    return torch.to(self.linear(x, self.head(self.frozen)), 6)

  # ---- log-probs and training -----------------------------------------------------------------------------------
  # ids [B, T] hold prompt and response, padded on the right. at [R] are flat positions b * T + t whose next token is a
  # response token; targets [R] those next tokens. Only these positions pass the head, a chunk at a time.

  # h [R, H], targets [R] -> [2, R]: log-prob of each target and entropy of its distribution, nats, float32
  def read_head(self: __torch__.Decoder, h: Tensor, targets: Tensor, w: Tensor, temperature: float, chunk: int) -> Tensor:
    logp = annotate(List[Tensor], [])
    entropy = annotate(List[Tensor], [])
    s = 0
    while s < h.size(0):
      e = ops.prim.min(s + chunk, h.size(0))
      lp = torch.log_softmax(torch.to(self.linear(torch.slice(h, 0, s, e), w), 6) / temperature, -1)
      logp.append(torch.squeeze(torch.gather(lp, 1, torch.unsqueeze(torch.slice(targets, 0, s, e), 1)), 1))
      entropy.append(-torch.sum(torch.exp(lp).mul_(lp), [-1]))
      s = e
    return torch.stack([torch.cat(logp), torch.cat(entropy)])

  def score(self: __torch__.Decoder, ids: Tensor, at: Tensor, targets: Tensor, temperature: Tensor, chunk: Tensor, use_reference: Tensor) -> Tensor:
    if bool(use_reference):
      ws = self.reference
    else:
      ws = self.frozen
    h = torch.index_select(torch.flatten(self.hidden(ids, ws), 0, 1), 0, at)
    return self.read_head(self.norm(h, ws[1]), targets, self.head(ws), float(temperature), int(chunk))

  # The forward half of a step: what the backward half needs stays in the module. With recompute only the layers' inputs
  # are kept, else each layer's graph.
  def train_forward(self: __torch__.Decoder, ids: Tensor, at: Tensor, targets: Tensor, temperature: Tensor, chunk: Tensor, recompute: Tensor) -> Tensor:
    cos, sin = self.rotary(ids.size(1))
    again = bool(recompute)
    inputs = annotate(List[Tensor], [])
    outputs = annotate(List[Tensor], [])
    x = torch.embedding(self.frozen[0], ids)
    for i in range(self.layers):
      o = self.first_layer() + 6 * i
      if again:
        inputs.append(x)
        x = self.layer(x, cos, sin, self.frozen, o)
      else:
        leaf = torch.requires_grad_(torch.detach(x), True)
        y = self.layer(leaf, cos, sin, self.weights, o)
        inputs.append(leaf)
        outputs.append(y)
        x = torch.detach(y)
    last = torch.requires_grad_(torch.detach(x), True)
    h = self.norm(torch.index_select(torch.flatten(last, 0, 1), 0, at), self.weights[1])
    self.inputs = inputs
    self.outputs = outputs
    self.head_state = [last, h, ids, targets]
    return self.read_head(torch.detach(h), targets, self.head(self.frozen), float(temperature), int(chunk))

  def accumulate(self: __torch__.Decoder, i: int, g: Optional[Tensor]) -> NoneType:
    if g is not None:
      _0 = self.gradient[i].add_(g)
    return None

  # The backward half: coefficients [R] are the loss's derivatives by each log-prob, entropy_coefficient by each entropy.
  # Adds to the gradients. The head's part is written out, one buffer a chunk:
  #   d logp / d logits = (onehot - p) / temperature,  d entropy / d logits = -p (logp + entropy) / temperature
  def train_backward(self: __torch__.Decoder, coefficients: Tensor, entropy_coefficient: Tensor, temperature: Tensor, chunk: Tensor) -> Tensor:
    last, h, ids, targets = self.head_state
    w = self.head(self.frozen)
    tau = float(temperature)
    ce = float(entropy_coefficient)
    if self.tied:
      head_index = 0
    else:
      head_index = 2
    hd = torch.detach(h)
    parts = annotate(List[Tensor], [])
    s = 0
    while s < hd.size(0):
      e = ops.prim.min(s + int(chunk), hd.size(0))
      hc = torch.slice(hd, 0, s, e)
      c = torch.unsqueeze(torch.slice(coefficients, 0, s, e), 1)
      lp = torch.log_softmax(torch.to(self.linear(hc, w), 6) / tau, -1)
      p = torch.exp(lp)
      if ce == 0.:
        d = p.mul_(-c)
      else:
        negative_entropy = torch.sum(p * lp, [-1], True)
        d = (lp - negative_entropy).mul_(ce).add_(c).mul_(p).neg_()
      d = d.scatter_add_(1, torch.unsqueeze(torch.slice(targets, 0, s, e), 1), c).div_(tau)
      d = torch.to(d, self.dtype())
      parts.append(torch.mm(d, w))
      _0 = self.gradient[head_index].add_(torch.mm(torch.t(d), hc))
      s = e
    gs = torch.grad([h], [last, self.weights[1]], annotate(List[Optional[Tensor]], [torch.cat(parts)]))
    self.accumulate(1, gs[1])
    g = torch._unwrap_optional(gs[0])
    self.head_state = annotate(List[Tensor], [])
    cos, sin = self.rotary(ids.size(1))
    for j in range(self.layers):
      i = self.layers - 1 - j
      o = self.first_layer() + 6 * i
      if len(self.outputs) == 0:
        x = torch.requires_grad_(torch.detach(self.inputs.pop()), True)
        y = self.layer(x, cos, sin, self.weights, o)
      else:
        x = self.inputs.pop()
        y = self.outputs.pop()
      leaves = [x]
      for k in range(6):
        leaves.append(self.weights[o + k])
      gs = torch.grad([y], leaves, annotate(List[Optional[Tensor]], [g]))
      for k in range(6):
        self.accumulate(o + k, gs[k + 1])
      g = torch._unwrap_optional(gs[0])
    _1 = self.gradient[0].index_add_(0, torch.flatten(ids), torch.to(torch.flatten(g, 0, 1), 6))
    return coefficients

  # AdamW with decoupled decay on the clipped gradient; returns the gradient norm before clipping and clears the gradient.
  def adamw(self: __torch__.Decoder, step: Tensor, lr: Tensor, beta1: Tensor, beta2: Tensor, eps: Tensor, decay: Tensor, max_norm: Tensor) -> Tensor:
    n = torch.norm(torch.stack(torch._foreach_norm(self.gradient, 2)))
    scale = torch.clamp(float(max_norm) / (n + 9.9999999999999995e-07), None, 1.)
    torch._foreach_mul_(self.gradient, scale)
    parameters = annotate(List[Tensor], [])
    steps = annotate(List[Tensor], [])
    for w in self.master:
      parameters.append(torch.detach(w))
      steps.append(step)
    torch._fused_adamw_(parameters, self.gradient, self.moment1, self.moment2, annotate(List[Tensor], []), steps, lr=float(lr), beta1=float(beta1), beta2=float(beta2), weight_decay=float(decay), eps=float(eps), amsgrad=False, maximize=False)
    torch._foreach_zero_(self.gradient)
    return torch.stack([n, torch.to(self.refresh(step), 6)])

  # ---- sampling ---------------------------------------------------------------------------------------------------
  # The cache holds one slot a response, each at a position of its own: keys and values [slots, length, kv_heads, D].

  def reserve(self: __torch__.Decoder, slots: Tensor, length: Tensor) -> Tensor:
    keys = annotate(List[Tensor], [])
    values = annotate(List[Tensor], [])
    for i in range(self.layers):
      keys.append(torch.zeros([int(slots), int(length), self.kv_heads, self.head_dim], dtype=self.dtype()))
      values.append(torch.zeros([int(slots), int(length), self.kv_heads, self.head_dim], dtype=self.dtype()))
    self.keys = keys
    self.values = values
    return slots

  # Keeps the slots named, in that order.
  def keep(self: __torch__.Decoder, slots: Tensor) -> Tensor:
    keys = annotate(List[Tensor], [])
    values = annotate(List[Tensor], [])
    for i in range(self.layers):
      keys.append(torch.index_select(self.keys[i], 0, slots))
      values.append(torch.index_select(self.values[i], 0, slots))
    self.keys = keys
    self.values = values
    return slots

  # logits [n, V] float32, uniform [n] in [0, 1), controls = temperature, top p, top k -> token ids [n].
  # Inverse transform sampling: a row's token depends on its own uniform number and logits alone.
  def choose(self: __torch__.Decoder, logits: Tensor, uniform: Tensor, controls: Tensor) -> Tensor:
    temperature = float(controls[0])
    top_p = float(controls[1])
    top_k = int(controls[2])
    if temperature == 0.:
      tokens = torch.argmax(logits, -1)
    else:
      l = logits / temperature
      if top_k > 0:
        k = ops.prim.min(top_k, l.size(-1))
        l = torch.masked_fill(l, l < torch.amin(torch.topk(l, k, -1)[0], [-1], True), -float("inf"))
      p = torch.softmax(l, -1)
      if top_p < 1.:
        sorted, order = torch.sort(p, -1, True)
        before = torch.cumsum(sorted, -1) - sorted
        p = torch.zeros_like(p).scatter_(-1, order, torch.masked_fill(sorted, before >= top_p, 0.))
      mass = torch.cumsum(p, -1)
      total = torch.slice(mass, -1, -1)
      # Just below the total, so that rounding can never pick a token of probability zero behind the last real one.
      at = torch.minimum(torch.unsqueeze(uniform, 1) * total, total * 0.99999898672103882)
      tokens = torch.squeeze(torch.searchsorted(mass, at, right=True), 1)
    return tokens

  # ids [P, T] prompts, lengths [P]; sample m goes to slot slots[m] and continues prompt source[m]; -> first tokens [M].
  def prefill(self: __torch__.Decoder, ids: Tensor, lengths: Tensor, source: Tensor, slots: Tensor, uniform: Tensor, controls: Tensor) -> Tensor:
    length = ids.size(1)
    cos, sin = self.rotary(length)
    ws = self.frozen
    x = torch.embedding(ws[0], ids)
    for i in range(self.layers):
      o = self.first_layer() + 6 * i
      q, k, v = self.project(x, cos, sin, ws, o)
      _0 = torch.slice(self.keys[i], 1, 0, length).index_copy_(0, slots, torch.index_select(k, 0, source))
      _1 = torch.slice(self.values[i], 1, 0, length).index_copy_(0, slots, torch.index_select(v, 0, source))
      x = self.finish(x, self.attend(q, k, v), ws, o)
    ends = torch.arange(ids.size(0)) * length + lengths - 1
    h = self.norm(torch.index_select(torch.flatten(x, 0, 1), 0, ends), ws[1])
    logits = torch.to(self.linear(h, self.head(ws)), 6)
    return self.choose(torch.index_select(logits, 0, source), uniform, controls)

  # One token for every slot: tokens [n] stand at positions [n] -> the next tokens [n]. span bounds all positions.
  def decode(self: __torch__.Decoder, tokens: Tensor, positions: Tensor, uniform: Tensor, span: Tensor, controls: Tensor) -> Tensor:
    n = tokens.size(0)
    ws = self.frozen
    cos = torch.unsqueeze(torch.unsqueeze(torch.index_select(self.cos[0], 0, positions), 1), 1)
    sin = torch.unsqueeze(torch.unsqueeze(torch.index_select(self.sin[0], 0, positions), 1), 1)
    rows = torch.arange(n)
    end = int(span)
    hidden_keys = torch.unsqueeze(torch.arange(end), 0) > torch.unsqueeze(positions, 1)
    mask = torch.masked_fill(torch.zeros([n, end], dtype=self.dtype()), hidden_keys, -float("inf"))
    mask = torch.unsqueeze(torch.unsqueeze(mask, 1), 1)
    group = self.heads // self.kv_heads
    x = torch.embedding(ws[0], torch.unsqueeze(tokens, 1))
    for i in range(self.layers):
      o = self.first_layer() + 6 * i
      q, k, v = self.project(x, cos, sin, ws, o)
      at = annotate(List[Optional[Tensor]], [rows, positions])
      _0 = torch.index_put_(self.keys[i], at, torch.squeeze(k, 1))
      _1 = torch.index_put_(self.values[i], at, torch.squeeze(v, 1))
      ks = torch.transpose(torch.slice(self.keys[i], 1, 0, end), 1, 2)
      vs = torch.transpose(torch.slice(self.values[i], 1, 0, end), 1, 2)
      a = torch.scaled_dot_product_attention(q.view([n, self.kv_heads, group, self.head_dim]), ks, vs, mask, 0., False)
      x = self.finish(x, torch.reshape(a, [n, 1, self.heads * self.head_dim]), ws, o)
    h = self.norm(torch.squeeze(x, 1), ws[1])
    return self.choose(torch.to(self.linear(h, self.head(ws)), 6), uniform, controls)
