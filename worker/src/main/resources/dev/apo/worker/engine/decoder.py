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
  on_cpu : bool
  packs : bool
  replica : bool
  plain_attention : int
  bias : bool
  head_norms : bool
  frozen : bool
  adapting : bool
  lean : bool
  compact : bool
  rank : int
  scale : float
  adapters_per_layer : int
  adapter_at : List[int]
  part_start : List[int]
  part_end : List[int]
  eps : List[Tensor]
  cos : List[Tensor]
  sin : List[Tensor]
  master : List[Tensor]
  trained : List[Tensor]
  gradient : List[Tensor]
  moment1 : List[Tensor]
  moment2 : List[Tensor]
  weights : List[Tensor]
  packed : List[List[Tensor]]
  reference : List[List[Tensor]]
  down : List[Tensor]
  up : List[Tensor]
  keys : List[Tensor]
  values : List[Tensor]
  longest : int
  inputs : List[Tensor]
  kept : List[List[Tensor]]
  head_state : List[Tensor]
  targets : List[Tensor]
  head : List[Tensor]

  # ---- set-up -------------------------------------------------------------------------------------------------
  # Weights are one flat list: embedding, final norm, the head unless it is tied, then six arrays a layer:
  # input norm, fused q|k|v, attention output, post-attention norm, fused gate|up, down; behind them, where the family has
  # them, the bias of q|k|v and the norms of the heads of q and of k.
  #   master     owned by Java; float32 if it is trained
  #   trained    float32, owned by Java, what the optimizer updates: master, or the arrays of LoRA's adapters
  #   weights    what is computed with: master itself, or its copy in bfloat16, or a replica's on a device of its own
  #   packed     weights as forward passes read them fastest, see pack(): the ends of the model, then its layers; empty when out
  #              of date. A lean decoder leaves the room to training's activations, and packs a layer when they come to it
  #   reference  the reference policy, which never changes, packed likewise. A lean decoder keeps its weights in 16 bits, compact,
  #              if they lose nothing by that, and packs a layer when it is scored with. Empty with adapters: it is the policy
  #              without them
  #   down, up   adapters as they are computed with, see refresh_adapters()

  def configure(self: __torch__.Decoder, sizes: Tensor, eps: Tensor, inv_freq: Tensor, attention_factor: Tensor, limit: Tensor) -> Tensor:
    self.layers = int(sizes[0])
    self.heads = int(sizes[1])
    self.kv_heads = int(sizes[2])
    self.head_dim = int(sizes[3])
    self.tied = bool(sizes[4])
    self.half = bool(sizes[5])
    self.on_cpu = bool(sizes[6])
    self.bias = bool(sizes[7])
    self.head_norms = bool(sizes[8])
    self.replica = bool(sizes[9])
    self.plain_attention = int(sizes[10])
    self.eps = [torch.clone(torch.to(eps, 6))]
    angle = torch.outer(torch.to(self.count(int(limit)), 6), inv_freq)
    cos = torch.cos(angle) * attention_factor
    sin = torch.sin(angle) * attention_factor
    self.cos = [torch.to(torch.cat([cos, cos], -1), self.dtype())]
    self.sin = [torch.to(torch.cat([-sin, sin], -1), self.dtype())]
    return sizes

  def dtype(self: __torch__.Decoder) -> int:
    if self.half:
      t = 15
    else:
      t = 6
    return t

  # Fails on a processor that oneDNN has no bfloat16 kernels for.
  def try_half(self: __torch__.Decoder, unused: Tensor) -> Tensor:
    packed = ops.mkldnn._reorder_linear_weight(torch.zeros([16, 16], dtype=15))
    return torch.add(unused, packed.size(0))

  def device(self: __torch__.Decoder) -> Device:
    return ops.prim.device(self.eps[0])

  # 0 to n - 1
  def count(self: __torch__.Decoder, n: int) -> Tensor:
    return torch.arange(n, device=self.device())

  # In the precision of computing.
  def zeros(self: __torch__.Decoder, sizes: List[int]) -> Tensor:
    return torch.zeros(sizes, dtype=self.dtype(), device=self.device())

  def blank(self: __torch__.Decoder, shape: Tensor) -> Tensor:
    sizes = annotate(List[int], [])
    for i in range(shape.size(0)):
      sizes.append(int(shape[i]))
    return self.zeros(sizes)

  # A replica copies the master of another decoder, whatever its device.
  def adopt(self: __torch__.Decoder, master: List[Tensor]) -> Tensor:
    self.master = master
    self.trained = master
    weights = annotate(List[Tensor], [])
    for w in master:
      weights.append(torch.to(w, self.device(), self.dtype(), False, self.replica))
    self.weights = weights
    self.packed = annotate(List[List[Tensor]], [])
    return master[0]

  def pack_matrices(self: __torch__.Decoder, packs: Tensor) -> Tensor:
    self.packs = bool(packs)
    self.packed = annotate(List[List[Tensor]], [])
    return packs

  def be_lean(self: __torch__.Decoder, lean: Tensor) -> Tensor:
    self.lean = bool(lean)
    return lean

  # Weights that will not be trained.
  def freeze(self: __torch__.Decoder, unused: Tensor) -> Tensor:
    self.frozen = True
    return unused

  # LoRA: the policy's weights are w + scale * b @ a for the matrices that have an adapter. trained holds for each adapter, layer
  # by layer, the a of its parts below each other [parts * rank, in], and their b [sum of the parts' rows, rank].
  # at [4] is the place of an adapter among those of a layer, or -1, for q|k|v, attention output, gate|up and down;
  # rows [adapters of a layer, 3, 2] are first row and end of each part in its fused matrix, empty ones last.
  def adopt_adapters(self: __torch__.Decoder, trained: List[Tensor], at: List[Tensor], rows: List[Tensor], rank: List[Tensor], scale: List[Tensor]) -> Tensor:
    self.trained = trained
    self.frozen = True
    self.adapting = True
    self.rank = int(rank[0])
    self.scale = float(scale[0])
    adapter_at = annotate(List[int], [])
    adapters = 0
    for j in range(4):
      k = int(at[0][j])
      adapter_at.append(k)
      adapters = ops.prim.max(adapters, k + 1)
    self.adapter_at = adapter_at
    self.adapters_per_layer = adapters
    start = annotate(List[int], [])
    end = annotate(List[int], [])
    flat = torch.view(rows[0], [-1, 2])
    for n in range(flat.size(0)):
      start.append(int(flat[n][0]))
      end.append(int(flat[n][1]))
    self.part_start = start
    self.part_end = end
    down = annotate(List[Tensor], [])
    up = annotate(List[Tensor], [])
    for i in range(self.layers):
      for j in range(4):
        k = self.adapter(i, j)
        if k >= 0:
          a = trained[2 * k]
          down.append(self.zeros([a.size(0), a.size(1)]))
          up.append(self.zeros([self.adapted(i, j).size(0), a.size(0)]))
    self.down = down
    self.up = up
    return trained[0]

  # The place of the adapter of matrix j of layer i, or -1.
  def adapter(self: __torch__.Decoder, i: int, j: int) -> int:
    k = -1
    if self.adapting:
      if self.adapter_at[j] >= 0:
        k = self.adapters_per_layer * i + self.adapter_at[j]
      else:
        k = k
    else:
      k = k
    return k

  # Matrix j of layer i, j as in adopt_adapters.
  def adapted(self: __torch__.Decoder, i: int, j: int) -> Tensor:
    return self.weights[self.layer_at(i) + 1 + j + j // 2]

  # down is a in the precision of computing, up [rows of the matrix, parts * rank] is scale * b, where the rows of a part read
  # that part's columns only, and rows without an adapter nothing.
  def refresh_adapters(self: __torch__.Decoder) -> int:
    for k in range(len(self.up)):
      _0 = self.down[k].copy_(self.trained[2 * k])
      b = self.trained[2 * k + 1]
      row = 0
      for n in range(self.down[k].size(0) // self.rank):
        p = 3 * (k % self.adapters_per_layer) + n
        end = row + self.part_end[p] - self.part_start[p]
        _1 = self.part_of(self.up[k], p, n).copy_(torch.slice(b, 0, row, end) * self.scale)
        row = end
    return len(self.up)

  # The rows of part p of a matrix with one column a row of down, at the part's own columns.
  def part_of(self: __torch__.Decoder, m: Tensor, p: int, n: int) -> Tensor:
    return torch.slice(torch.slice(m, 0, self.part_start[p], self.part_end[p]), 1, n * self.rank, (n + 1) * self.rank)

  def adopt_gradient(self: __torch__.Decoder, gradient: List[Tensor]) -> Tensor:
    self.gradient = gradient
    return gradient[0]

  def adopt_moments(self: __torch__.Decoder, moment1: List[Tensor], moment2: List[Tensor]) -> Tensor:
    self.moment1 = moment1
    self.moment2 = moment2
    return moment1[0]

  # Zeros, where the last step has left nothing. Sampling has the room of the gradient.
  def ready_gradient(self: __torch__.Decoder, unused: Tensor) -> Tensor:
    for i in range(len(self.gradient)):
      if torch.numel(self.gradient[i]) == 0:
        _0 = torch.resize_(self.gradient[i], torch.size(self.trained[i])).zero_()
    return unused

  # Gives back the memory of tensors that others hold too.
  def clear(self: __torch__.Decoder, gradient: List[Tensor]) -> int:
    for g in gradient:
      _0 = g.set_()
    return len(gradient)

  # Moves the gradient of a replica, if it has one, into this decoder's.
  def take_gradient(self: __torch__.Decoder, other: List[Tensor]) -> Tensor:
    if torch.numel(other[0]) > 0:
      _0 = self.ready_gradient(other[0])
      for i in range(len(other)):
        _1 = self.gradient[i].add_(torch.to(other[i], self.device(), 6))
      _2 = self.clear(other)
    return self.gradient[0]

  def refresh(self: __torch__.Decoder, unused: Tensor) -> Tensor:
    if self.frozen:
      _0 = self.refresh_adapters()
    else:
      if self.half or self.replica:
        for i in range(len(self.master)):
          _1 = self.weights[i].copy_(self.master[i])
      self.packed = annotate(List[List[Tensor]], [])
    return unused

  # The matrix in the order in which oneDNN's kernels read it, opaque to all but linear() and its kin. A product of a large one with
  # few rows would otherwise spend most of its time on bringing the matrix into such an order. Packing takes a quarter of a
  # millisecond, however small a matrix is, and a product by a packed one ten times what a plain one takes to begin.
  def pack_matrix(self: __torch__.Decoder, w: Tensor) -> Tensor:
    if self.packs:
      p = ops.mkldnn._reorder_linear_weight(w)
    else:
      p = w
    return p

  def own(self: __torch__.Decoder, w: Tensor, copies: bool) -> Tensor:
    if copies:
      o = torch.clone(w)
    else:
      o = w
    return o

  # The ends of the model: embedding, final norm and head. What is not packed stays shared, unless copies are asked for.
  def pack_ends(self: __torch__.Decoder, ws: List[Tensor], copies: bool) -> List[Tensor]:
    embedding = self.own(ws[0], copies)
    if self.tied:
      head = embedding
    else:
      head = self.own(ws[2], copies)
    return [embedding, self.own(ws[1], copies), self.pack_matrix(head)]

  # A layer has one array more than its weights, since gate and up are apart.
  def pack_layer(self: __torch__.Decoder, ws: List[Tensor], copies: bool) -> List[Tensor]:
    gate, up = torch.chunk(self.own(ws[4], copies), 2)
    packed = [self.own(ws[0], copies)]
    packed.append(self.pack_matrix(self.own(ws[1], copies)))
    packed.append(self.pack_matrix(self.own(ws[2], copies)))
    packed.append(self.own(ws[3], copies))
    packed.append(self.pack_matrix(gate))
    packed.append(self.pack_matrix(up))
    packed.append(self.pack_matrix(self.own(ws[5], copies)))
    for extra in range(self.extras()):
      packed.append(self.own(ws[6 + extra], copies))
    return packed

  def pack(self: __torch__.Decoder, copies: bool) -> List[List[Tensor]]:
    packed = [self.pack_ends(self.weights, copies)]
    for i in range(self.layers):
      packed.append(self.pack_layer(self.layer_weights(i), copies))
    return packed

  def layer_weights(self: __torch__.Decoder, i: int) -> List[Tensor]:
    return torch.slice(self.weights, self.layer_at(i), self.layer_at(i + 1))

  def policy(self: __torch__.Decoder) -> List[List[Tensor]]:
    if len(self.packed) == 0:
      self.packed = self.pack(False)
    return self.packed

  # The ends of the policy and its layer i, for training.
  def training_ends(self: __torch__.Decoder) -> List[Tensor]:
    if self.lean:
      ends = self.pack_ends(self.weights, False)
    else:
      ends = self.policy()[0]
    return ends

  def training_layer(self: __torch__.Decoder, i: int) -> List[Tensor]:
    if self.lean:
      layer = self.pack_layer(self.layer_weights(i), False)
    else:
      layer = self.policy()[1 + i]
    return layer

  def freeze_reference(self: __torch__.Decoder, unused: Tensor) -> Tensor:
    if not self.adapting:
      self.compact = False
      reference = annotate(List[List[Tensor]], [])
      if self.lean and not self.half:
        for narrow in [15, 5]:
          if not self.compact and self.fits(narrow):
            self.compact = True
            reference = self.narrowed(narrow)
      if not self.compact:
        reference = self.pack(True)
      self.reference = reference
    return unused

  def narrowed(self: __torch__.Decoder, dtype: int) -> List[List[Tensor]]:
    narrowed = [self.cast(torch.slice(self.weights, 0, self.first_layer()), dtype)]
    for i in range(self.layers):
      narrowed.append(self.cast(self.layer_weights(i), dtype))
    return narrowed

  # Whether weights in 32 bits lose nothing in a number format of 16, as those of a model that was stored in it.
  def fits(self: __torch__.Decoder, dtype: int) -> bool:
    fits = True
    for w in self.weights:
      if fits:
        fits = torch.equal(torch.to(torch.to(w, dtype), 6), w)
    return fits

  def cast(self: __torch__.Decoder, ws: List[Tensor], dtype: int) -> List[Tensor]:
    cast = annotate(List[Tensor], [])
    for w in ws:
      cast.append(torch.to(w, dtype))
    return cast

  # The ends of the policy that scores, or of the reference policy, and layer i of it.
  def scoring_ends(self: __torch__.Decoder, use_reference: bool) -> List[Tensor]:
    if not use_reference:
      ends = self.policy()[0]
    else:
      if self.compact:
        ends = self.pack_ends(self.cast(self.reference[0], 6), False)
      else:
        ends = self.reference[0]
    return ends

  def scoring_layer(self: __torch__.Decoder, i: int, use_reference: bool) -> List[Tensor]:
    if not use_reference:
      layer = self.policy()[1 + i]
    else:
      if self.compact:
        layer = self.pack_layer(self.cast(self.reference[1 + i], 6), False)
      else:
        layer = self.reference[1 + i]
    return layer

  # Copies values [n] into the flattened target from offset on, and the reverse.
  def store(self: __torch__.Decoder, target: Tensor, offset: Tensor, values: Tensor) -> Tensor:
    flat = torch.view(target, [-1])
    return torch.slice(flat, 0, int(offset), int(offset) + values.size(0)).copy_(values)

  def fetch(self: __torch__.Decoder, source: Tensor, offset: Tensor, count: Tensor) -> Tensor:
    flat = torch.view(source, [-1])
    return torch.clone(torch.slice(flat, 0, int(offset), int(offset) + int(count)))

  # The same from the policy's own weights, adapters merged, in float32.
  def fetch_policy(self: __torch__.Decoder, index: Tensor, offset: Tensor, count: Tensor) -> Tensor:
    w = self.master[int(index)]
    n = int(index) - self.first_layer()
    place = n % (6 + self.extras())
    k = -1
    if n >= 0:
      for j in range(4):
        if place == 1 + j + j // 2:
          k = self.adapter(n // (6 + self.extras()), j)
    if k >= 0:
      w = torch.addmm(torch.to(w, 6), torch.to(self.up[k], 6), torch.to(self.down[k], 6))
    return torch.to(self.fetch(w, offset, count), 6)

  # ---- the decoder ----------------------------------------------------------------------------------------------

  # x @ w^T for a packed w
  def linear(self: __torch__.Decoder, x: Tensor, w: Tensor) -> Tensor:
    if self.packs:
      y = ops.mkldnn._linear_pointwise(x, w, None, "none", annotate(List[Optional[number]], []), "")
    else:
      y = torch.linear(x, w)
    return y

  # other + x @ w^T for a packed w
  def linear_add(self: __torch__.Decoder, x: Tensor, w: Tensor, other: Tensor) -> Tensor:
    if self.packs:
      y = ops.mkldnn._linear_pointwise(x, other, w, None, "add")
    else:
      y = other + torch.linear(x, w)
    return y

  # What adapter k adds to x @ w^T: [rows of x, rows of w]
  def delta(self: __torch__.Decoder, x: Tensor, k: int) -> Tensor:
    return torch.linear(torch.linear(x, self.down[k]), self.up[k])

  # y with what adapter k makes of x added in place, if there is one
  def add_delta(self: __torch__.Decoder, y: Tensor, x: Tensor, k: int) -> Tensor:
    if k >= 0:
      z = torch.linear(torch.flatten(x, 0, -2), self.down[k])
      _0 = torch.flatten(y, 0, -2).addmm_(z, torch.t(self.up[k]))
    return y

  # silu(x @ gate^T) * (x @ up^T) for packed matrices
  def gated(self: __torch__.Decoder, x: Tensor, gate: Tensor, up: Tensor) -> Tensor:
    if self.packs:
      g = ops.mkldnn._linear_pointwise(x, gate, None, "swish", annotate(List[Optional[number]], []), "")
      y = ops.mkldnn._linear_pointwise(x, g, up, None, "mul")
    else:
      y = torch.silu(torch.linear(x, gate)).mul_(torch.linear(x, up))
    return y

  # x [B, T, H] -> its rows scaled to unit root mean square, and the factors [B, T, 1] in float32
  def unit(self: __torch__.Decoder, x: Tensor) -> Tuple[Tensor, Tensor]:
    n = torch.linalg_vector_norm(x, 2, [-1], True, dtype=6)
    r = torch.rsqrt(torch.addcmul(self.eps[0], n, n, value=1. / x.size(-1)))
    return (torch.to(x * r, self.dtype()), r)

  def norm(self: __torch__.Decoder, x: Tensor, w: Tensor) -> Tensor:
    return self.unit(x)[0] * w

  # Rotary positions: the two halves of a head are the parts of complex numbers; sin carries the signs.
  def rotate(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = torch.chunk(x, 2, -1)
    return torch.addcmul(x * cos, torch.cat([b, a], -1), sin)

  # x [.., H] -> what passes the activation, and what it is multiplied by, for layer i; ws are its packed weights.
  def gate_and_up(self: __torch__.Decoder, x: Tensor, ws: List[Tensor], i: int) -> Tuple[Tensor, Tensor]:
    gate = self.linear(x, ws[4])
    up = self.linear(x, ws[5])
    k = self.adapter(i, 2)
    if k >= 0:
      dgate, dup = torch.chunk(self.delta(x, k), 2, -1)
      _0 = gate.add_(dgate)
      _1 = up.add_(dup)
    return (gate, up)

  # Normed x [.., H] -> the heads of q and k together, before their norms, and those of v: [.., heads, D]; packed weights.
  def heads_of(self: __torch__.Decoder, h: Tensor, ws: List[Tensor], i: int) -> Tuple[Tensor, Tensor]:
    fused = self.add_delta(self.linear(h, ws[1]), h, self.adapter(i, 0))
    if self.bias:
      _0 = fused.add_(ws[7])
    split = torch.unflatten(fused, -1, [self.heads + 2 * self.kv_heads, self.head_dim])
    qk, v = torch.split_with_sizes(split, [self.heads + self.kv_heads, self.kv_heads], -2)
    return (qk, v)

  # The weights of the norms of heads, one row a head of q and k; first is the place of the first one.
  def head_norm(self: __torch__.Decoder, ws: List[Tensor], first: int) -> Tensor:
    q = torch.expand(torch.unsqueeze(ws[first], 0), [self.heads, self.head_dim])
    k = torch.expand(torch.unsqueeze(ws[first + 1], 0), [self.kv_heads, self.head_dim])
    return torch.cat([q, k])

  # x [.., H] -> q [.., heads, D], k and v [.., kv_heads, D]; cos and sin broadcast over heads; packed weights.
  def project(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor, ws: List[Tensor], i: int) -> Tuple[Tensor, Tensor, Tensor]:
    qk, v = self.heads_of(self.norm(x, ws[0]), ws, i)
    if self.head_norms:
      qk = self.norm(qk, self.head_norm(ws, 7 + int(self.bias)))
    else:
      qk = qk
    q, k = torch.split_with_sizes(self.rotate(qk, cos, sin), [self.heads, self.kv_heads], -2)
    return (q, k, v)

  # The part of a layer behind attention: x [B, T, H], context [B, T, heads * D] -> [B, T, H].
  def finish(self: __torch__.Decoder, x: Tensor, context: Tensor, ws: List[Tensor], i: int) -> Tensor:
    y = self.add_delta(self.linear_add(context, ws[2], x), context, self.adapter(i, 1))
    h = self.norm(y, ws[3])
    if self.adapter(i, 2) >= 0:
      gate, up = self.gate_and_up(h, ws, i)
      act = torch.silu(gate).mul_(up)
    else:
      act = self.gated(h, ws[4], ws[5])
    return self.add_delta(self.linear_add(act, ws[6], y), act, self.adapter(i, 3))

  # Attention wants [B * kv_heads, group * T, D]: the query heads that share a key head stand below each other.
  def grouped(self: __torch__.Decoder, q: Tensor) -> Tensor:
    group = self.heads // self.kv_heads
    p = torch.permute(q.view([q.size(0), q.size(1), self.kv_heads, group, self.head_dim]), [0, 2, 3, 1, 4])
    return torch.reshape(p, [q.size(0) * self.kv_heads, group * q.size(1), self.head_dim])

  # The reverse: -> [B, T, heads * D]
  def ungrouped(self: __torch__.Decoder, a: Tensor, rows: int) -> Tensor:
    group = self.heads // self.kv_heads
    length = a.size(1) // group
    p = torch.permute(a.view([rows, self.kv_heads, group, length, self.head_dim]), [0, 3, 1, 2, 4])
    return torch.reshape(p, [rows, length, self.heads * self.head_dim])

  # k or v [B, T, kv_heads, D] -> [B * kv_heads, T, D]
  def by_head(self: __torch__.Decoder, k: Tensor) -> Tensor:
    return torch.reshape(torch.transpose(k, 1, 2), [k.size(0) * self.kv_heads, k.size(1), self.head_dim])

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
  # sees what comes behind it, so padding needs no mask. The fused kernel is the CPU's alone, keeps no probabilities, and is
  # slower than plain products where sequences are short.
  # -> the context [B, T, heads * D], then what the backward half needs.
  def attend(self: __torch__.Decoder, q: Tensor, k: Tensor, v: Tensor) -> List[Tensor]:
    length = q.size(1)
    if length <= self.plain_attention:
      qs = self.grouped(q)
      ks = self.by_head(k)
      vs = self.by_head(v)
      future = torch.triu(self.zeros([length, length]).fill_(-float("inf")), 1)
      mask = torch.repeat(future, [self.heads // self.kv_heads, 1])
      p = torch.softmax(torch.baddbmm(mask, qs, torch.transpose(ks, 1, 2), alpha=self.head_dim ** -0.5), -1)
      saved = [self.ungrouped(torch.bmm(p, vs), q.size(0)), qs, ks, vs, p]
    else:
      qs = torch.transpose(q, 1, 2)
      ks = self.spread(k)
      vs = self.spread(v)
      a, lse = torch._scaled_dot_product_flash_attention_for_cpu(qs, ks, vs, 0., True)
      saved = [torch.reshape(torch.transpose(a, 1, 2), [q.size(0), length, self.heads * self.head_dim]), qs, ks, vs, a, lse]
    return saved

  # gradient of the context [B, T, heads * D] -> gradients of q [B, T, heads, D], k and v [B, T, kv_heads, D]
  def attend_backward(self: __torch__.Decoder, g: Tensor, saved: List[Tensor]) -> Tuple[Tensor, Tensor, Tensor]:
    rows = g.size(0)
    length = g.size(1)
    group = self.heads // self.kv_heads
    gh = g.view([rows, length, self.heads, self.head_dim])
    if len(saved) == 5:
      context, qs, ks, vs, p = saved
      ga = self.grouped(gh)
      ds = torch._softmax_backward_data(torch.bmm(ga, torch.transpose(vs, 1, 2)), p, -1, self.dtype()).mul_(self.head_dim ** -0.5)
      dq = self.ungrouped(torch.bmm(ds, ks), rows).view([rows, length, self.heads, self.head_dim])
      dk = torch.transpose(torch.bmm(torch.transpose(ds, 1, 2), qs).view([rows, self.kv_heads, length, self.head_dim]), 1, 2)
      dv = torch.transpose(torch.bmm(torch.transpose(p, 1, 2), ga).view([rows, self.kv_heads, length, self.head_dim]), 1, 2)
    else:
      context, qs, ks, vs, a, lse = saved
      dqs, dks, dvs = torch._scaled_dot_product_flash_attention_for_cpu_backward(torch.transpose(gh, 1, 2), qs, ks, vs, a, lse, 0., True)
      dq = torch.transpose(dqs, 1, 2)
      split = [rows, self.kv_heads, group, length, self.head_dim]
      dk = torch.transpose(torch.sum(torch.reshape(dks, split), [2]), 1, 2)
      dv = torch.transpose(torch.sum(torch.reshape(dvs, split), [2]), 1, 2)
    return (dq, dk, dv)

  # Where the weights of the head are.
  def head_at(self: __torch__.Decoder) -> int:
    return 2 - 2 * int(self.tied)

  def first_layer(self: __torch__.Decoder) -> int:
    return 3 - int(self.tied)

  # How many arrays a layer has beyond those that all families have.
  def extras(self: __torch__.Decoder) -> int:
    return int(self.bias) + 2 * int(self.head_norms)

  # Where a layer's weights start.
  def layer_at(self: __torch__.Decoder, i: int) -> int:
    return self.first_layer() + (6 + self.extras()) * i

  # ids [B, T] -> cos and sin [T, 1, D]
  def rotary(self: __torch__.Decoder, length: int) -> Tuple[Tensor, Tensor]:
    return (torch.unsqueeze(torch.slice(self.cos[0], 0, 0, length), 1), torch.unsqueeze(torch.slice(self.sin[0], 0, 0, length), 1))

  # ids [B, T] -> last hidden states [R, H] before the final norm, at the flat positions [R]
  def hidden(self: __torch__.Decoder, ids: Tensor, at: Tensor, ends: List[Tensor], use_reference: bool) -> Tensor:
    cos, sin = self.rotary(ids.size(1))
    x = torch.embedding(ends[0], ids)
    for i in range(self.layers):
      ws = self.scoring_layer(i, use_reference)
      q, k, v = self.project(x, cos, sin, ws, i)
      context = self.attend(q, k, v)[0]
      if i == self.layers - 1:
        x = torch.index_select(torch.flatten(x, 0, 1), 0, at)
        context = torch.index_select(torch.flatten(context, 0, 1), 0, at)
      else:
        x = x
      x = self.finish(x, context, ws, i)
    return x

  # ids [B, T] -> float32 logits [B, T, V]; for tests and inspection.
  def forward(self: __torch__.Decoder, ids: Tensor) -> Tensor:
    ends = self.scoring_ends(False)
    x = self.hidden(ids, self.count(ids.size(0) * ids.size(1)), ends, False)
    logits = torch.to(self.linear(self.norm(x, ends[1]), ends[2]), 6)
    return logits.view([ids.size(0), ids.size(1), logits.size(1)])

  # ---- log-probs and training -----------------------------------------------------------------------------------
  # ids [B, T] hold prompt and response, padded on the right. at [R] are flat positions b * T + t whose next token is a
  # response token; targets [R] those next tokens. Only these positions pass the head, a chunk at a time.

  # Rows of a piece, where so many are cut into even pieces of at most most, a multiple of 32.
  def piece(self: __torch__.Decoder, rows: int, most: int) -> int:
    pieces = ops.prim.max(1, (rows + most - 1) // most)
    return ((rows + pieces - 1) // pieces + 31) // 32 * 32

  # h [R, H] -> log-probs of all tokens [R, V], nats, float32
  def token_log_probs(self: __torch__.Decoder, h: Tensor, w: Tensor, temperature: float) -> Tensor:
    logits = torch.to(self.linear(h, w), 6)
    if temperature != 1.:
      _0 = logits.div_(temperature)
    return torch.log_softmax(logits, -1)

  # h [R, H], targets [R] -> [2, R]: log-prob of each target and entropy of its distribution, nats, float32
  def read_head(self: __torch__.Decoder, h: Tensor, targets: Tensor, w: Tensor, temperature: float, chunk: int) -> Tensor:
    logp = annotate(List[Tensor], [])
    entropy = annotate(List[Tensor], [])
    size = self.piece(h.size(0), chunk)
    s = 0
    while s < h.size(0):
      lp = self.token_log_probs(torch.slice(h, 0, s, s + size), w, temperature)
      logp.append(torch.squeeze(torch.gather(lp, 1, torch.unsqueeze(torch.slice(targets, 0, s, s + size), 1)), 1))
      entropy.append(-torch.sum(torch.exp(lp).mul_(lp), [-1]))
      s = s + size
    return torch.stack([torch.cat(logp), torch.cat(entropy)])

  def score(self: __torch__.Decoder, ids: Tensor, at: Tensor, targets: Tensor, temperature: Tensor, chunk: Tensor, use_reference: Tensor) -> Tensor:
    adapting = self.adapting
    other = bool(use_reference) and not adapting
    self.adapting = adapting and not bool(use_reference)
    ends = self.scoring_ends(other)
    h = self.norm(self.hidden(ids, at, ends, other), ends[1])
    self.adapting = adapting
    return self.read_head(h, targets, ends[2], float(temperature), int(chunk))

  # g is the gradient of unit(x) * w; adds to the gradient of w, returns that of x.
  def norm_backward(self: __torch__.Decoder, g: Tensor, n: Tensor, r: Tensor, w: Tensor, index: int) -> Tensor:
    if not self.frozen:
      _0 = self.gradient[index].add_(torch.sum(torch.flatten(g * n, 0, -2), [0], dtype=6))
    return self.unit_backward(g * w, n, r)

  # The same for the norms of heads: g and n [B, T, heads + kv_heads, D]; index is the place of the first one's weight.
  def head_norm_backward(self: __torch__.Decoder, g: Tensor, n: Tensor, r: Tensor, index: int) -> Tensor:
    if not self.frozen:
      dw = torch.sum(torch.flatten(g * n, 0, 1), [0], dtype=6)
      dq, dk = torch.split_with_sizes(dw, [self.heads, self.kv_heads])
      _0 = self.gradient[index].add_(torch.sum(dq, [0]))
      _1 = self.gradient[index + 1].add_(torch.sum(dk, [0]))
    return self.unit_backward(g * self.head_norm(self.weights, index), n, r)

  # g is the gradient of unit(x); returns that of x.
  def unit_backward(self: __torch__.Decoder, g: Tensor, n: Tensor, r: Tensor) -> Tensor:
    return torch.to(torch.addcmul(g, n, torch.mean(g * n, [-1], True), value=-1) * r, self.dtype())

  # g is the gradient of x @ w^T, w the weights at index; adds to the gradient of w, or of its adapter k if there is one, and
  # returns that of x.
  def linear_backward(self: __torch__.Decoder, g: Tensor, x: Tensor, index: int, k: int) -> Tensor:
    g2 = torch.flatten(g, 0, -2)
    x2 = torch.flatten(x, 0, -2)
    dx = torch.matmul(g, self.weights[index])
    if self.frozen:
      if k >= 0:
        _0 = torch.flatten(dx, 0, -2).addmm_(self.adapter_backward(g2, x2, k), self.down[k])
    else:
      if self.half:
        _1 = self.gradient[index].add_(torch.mm(torch.t(g2), x2))
      else:
        _2 = self.gradient[index].addmm_(torch.t(g2), x2)
    return dx

  # g [n, out] is the gradient of what adapter k made of x [n, in]; adds to the adapter's gradients, returns that of x @ a^T.
  def adapter_backward(self: __torch__.Decoder, g: Tensor, x: Tensor, k: int) -> Tensor:
    z = torch.linear(x, self.down[k])
    gz = torch.mm(g, self.up[k])
    _0 = self.gradient[2 * k].add_(torch.mm(torch.t(gz), x))
    db = torch.mm(torch.t(g), z)
    row = 0
    for n in range(z.size(1) // self.rank):
      p = 3 * (k % self.adapters_per_layer) + n
      end = row + self.part_end[p] - self.part_start[p]
      _1 = torch.slice(self.gradient[2 * k + 1], 0, row, end).add_(self.part_of(db, p, n), alpha=self.scale)
      row = end
    return gz

  # One layer with everything that layer_backward needs; its output comes first. Behind the last layer's attention only the
  # positions that the head reads count, so from there on it computes those alone: at is empty elsewhere.
  # x [B, T, H] -> [B, T, H], or [R, H] at the flat positions at [R]
  def layer_forward(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor, at: List[Tensor], i: int) -> Tuple[Tensor, List[Tensor]]:
    ws = self.training_layer(i)
    n1, r1 = self.unit(x)
    qk, v = self.heads_of(n1 * ws[0], ws, i)
    normed = annotate(List[Tensor], [])
    if self.head_norms:
      n3, r3 = self.unit(qk)
      normed = [n3, r3]
      qk = n3 * self.head_norm(ws, 7 + int(self.bias))
    else:
      qk = qk
    q, k = torch.split_with_sizes(self.rotate(qk, cos, sin), [self.heads, self.kv_heads], 2)
    attention = self.attend(q, k, v)
    for a in at:
      attention[0] = torch.index_select(torch.flatten(attention[0], 0, 1), 0, a)
      x = torch.index_select(torch.flatten(x, 0, 1), 0, a)
    y = self.add_delta(self.linear_add(attention[0], ws[2], x), attention[0], self.adapter(i, 1))
    n2, r2 = self.unit(y)
    gate, up = self.gate_and_up(n2 * ws[3], ws, i)
    act = torch.silu(gate).mul_(up)
    output = self.add_delta(self.linear_add(act, ws[6], y), act, self.adapter(i, 3))
    kept = [n1, r1, n2, r2, gate, up]
    for t in normed:
      kept.append(t)
    for t in attention:
      kept.append(t)
    return (output, kept)

  # g is the gradient of the layer's output, as layer_forward gave it; adds to the gradients of its weights, returns that of its
  # input [B, T, H].
  def layer_backward(self: __torch__.Decoder, g: Tensor, kept: List[Tensor], cos: Tensor, sin: Tensor, at: List[Tensor], i: int) -> Tensor:
    ws = self.weights
    o = self.layer_at(i)
    attention = annotate(List[Tensor], [])
    for t in range(6 + 2 * int(self.head_norms), len(kept)):
      attention.append(kept[t])
    n1, r1, n2, r2, gate, up = kept[0], kept[1], kept[2], kept[3], kept[4], kept[5]
    s = torch.silu(gate)
    dact = self.linear_backward(g, s * up, o + 5, self.adapter(i, 3))
    sizes = torch.size(gate)
    sizes[-1] = 2 * sizes[-1]
    dboth = torch.new_empty(gate, sizes)
    dgate, dup = torch.chunk(dboth, 2, -1)
    _0 = torch.silu_backward(dact * up, gate, grad_input=dgate)
    _1 = torch.mul(dact, s, out=dup)
    dh2 = self.linear_backward(dboth, n2 * ws[o + 3], o + 4, self.adapter(i, 2))
    dy = g + self.norm_backward(dh2, n2, r2, ws[o + 3], o + 3)
    dcontext = self.linear_backward(dy, attention[0], o + 2, self.adapter(i, 1))
    for a in at:
      dcontext = self.scattered(dcontext, a, n1)
      dy = self.scattered(dy, a, n1)
    dq, dk, dv = self.attend_backward(dcontext, attention)
    dqk = torch.cat([dq, dk], 2)
    # The transpose of a rotation.
    a, b = torch.chunk(dqk * sin, 2, -1)
    dqk = torch.addcmul(torch.cat([b, a], -1), dqk, cos)
    if self.head_norms:
      dqk = self.head_norm_backward(dqk, kept[6], kept[7], o + 6 + int(self.bias))
    else:
      dqk = dqk
    dfused = torch.flatten(torch.cat([dqk, dv], 2), 2)
    if self.bias and not self.frozen:
      _2 = self.gradient[o + 6].add_(torch.sum(torch.flatten(dfused, 0, 1), [0], dtype=6))
    dh1 = self.linear_backward(dfused, n1 * ws[o], o + 1, self.adapter(i, 0))
    return dy + self.norm_backward(dh1, n1, r1, ws[o], o)

  # Rows [R, C] at the flat positions at [R] -> [B, T, C], B and T as those of like, zero elsewhere. Rows that only pad stand at the
  # first place, and add zeros to it.
  def scattered(self: __torch__.Decoder, rows: Tensor, at: Tensor, like: Tensor) -> Tensor:
    all = self.zeros([like.size(0) * like.size(1), rows.size(1)]).index_add_(0, at, rows)
    return all.view([like.size(0), like.size(1), rows.size(1)])

  # The flat positions that layer i computes behind its attention, at of the last one and all of the others.
  def read_of(self: __torch__.Decoder, i: int, at: Tensor) -> List[Tensor]:
    read = annotate(List[Tensor], [])
    if i == self.layers - 1:
      read = [at]
    return read

  # The forward half of a step: what the backward half needs stays in the module. Of the first layers, as many as recompute
  # says, only the inputs are kept, of the others everything inside them too. No autograd: the backward half is written out,
  # which keeps less and runs fewer operations.
  # -> what the head reads, [R, H]
  def body_forward(self: __torch__.Decoder, ids: Tensor, at: Tensor, recompute: Tensor) -> Tensor:
    cos, sin = self.rotary(ids.size(1))
    inputs = annotate(List[Tensor], [])
    kept = annotate(List[List[Tensor]], [])
    if self.lean:
      self.packed = annotate(List[List[Tensor]], [])
    _0 = self.ready_gradient(ids)
    x = torch.embedding(self.weights[0], ids)
    # Java's arrays live in buffers of Java, which are gone once the call is over.
    at = torch.clone(at)
    for i in range(self.layers):
      output, k = self.layer_forward(x, cos, sin, self.read_of(i, at), i)
      if i < int(recompute):
        inputs.append(x)
      else:
        kept.append(k)
      x = output
    n, r = self.unit(x)
    h = n * self.weights[1]
    self.inputs = inputs
    self.kept = kept
    self.head_state = [n, r, h, torch.clone(ids), at]
    return h

  # The backward half: dh is the gradient of what body_forward gave; adds to the gradients.
  def body_backward(self: __torch__.Decoder, dh: Tensor) -> Tensor:
    n, r, h, ids, at = self.head_state
    self.head_state = annotate(List[Tensor], [])
    g = self.norm_backward(dh, n, r, self.weights[1], 1)
    cos, sin = self.rotary(ids.size(1))
    for j in range(self.layers):
      i = self.layers - 1 - j
      if len(self.kept) == 0:
        output, k = self.layer_forward(self.inputs.pop(), cos, sin, self.read_of(i, at), i)
      else:
        k = self.kept.pop()
      g = self.layer_backward(g, k, cos, sin, self.read_of(i, at), i)
    if not self.frozen:
      rows = torch.to(torch.flatten(g, 0, 1), 6)
      if self.on_cpu:
        _0 = self.gradient[0].index_add_(0, torch.flatten(ids), rows)
      else:
        # Sums in the same order each time, which CUDA's index_add_ does not.
        _1 = torch.index_put_(self.gradient[0], annotate(List[Optional[Tensor]], [torch.flatten(ids)]), rows, True)
    return dh

  def train_forward(self: __torch__.Decoder, ids: Tensor, at: Tensor, targets: Tensor, temperature: Tensor, chunk: Tensor, recompute: Tensor) -> Tensor:
    h = self.body_forward(ids, at, recompute)
    self.targets = [torch.clone(targets)]
    self.head = [self.training_ends()[2]]
    return self.read_head(h, targets, self.head[0], float(temperature), int(chunk))

  # coefficients [R] are the loss's derivatives by each log-prob, entropy [R], or empty, by each entropy.
  # The head's own gradient is the largest array of all, so as many rows as may be add to it at once.
  def train_backward(self: __torch__.Decoder, coefficients: Tensor, entropy: Tensor, temperature: Tensor, chunk: Tensor) -> Tensor:
    h = self.head_state[2]
    parts = annotate(List[Tensor], [])
    size = self.piece(h.size(0), 4 * int(chunk))
    s = 0
    while s < h.size(0):
      hs = torch.slice(h, 0, s, s + size)
      c = torch.slice(coefficients, 0, s, s + size)
      e = torch.slice(entropy, 0, s, s + size)
      d = self.logits_gradient(hs, torch.slice(self.targets[0], 0, s, s + size), c, e, float(temperature), int(chunk))
      parts.append(self.linear_backward(d, hs, self.head_at(), -1))
      s = s + size
    self.head = annotate(List[Tensor], [])
    return self.body_backward(torch.cat(parts))

  # d logp / d logits = (onehot - p) / temperature,  d entropy / d logits = -p (logp + entropy) / temperature
  # h, targets, c and entropy as above, of some rows -> [R, V], a chunk of which at a time is held in float32
  def logits_gradient(self: __torch__.Decoder, h: Tensor, targets: Tensor, c: Tensor, entropy: Tensor, temperature: float, chunk: int) -> Tensor:
    gradient = torch.empty([h.size(0), self.weights[self.head_at()].size(0)], dtype=self.dtype(), device=self.device())
    size = self.piece(h.size(0), chunk)
    s = 0
    while s < h.size(0):
      lp = self.token_log_probs(torch.slice(h, 0, s, s + size), self.head[0], temperature)
      cs = torch.unsqueeze(torch.slice(c, 0, s, s + size), 1)
      if entropy.size(0) == 0:
        d = lp.exp_().mul_(-cs)
      else:
        p = torch.exp(lp)
        negative_entropy = torch.sum(p * lp, [-1], True)
        d = (lp - negative_entropy).mul_(torch.unsqueeze(torch.slice(entropy, 0, s, s + size), 1)).add_(cs).mul_(p).neg_()
      d = d.scatter_add_(1, torch.unsqueeze(torch.slice(targets, 0, s, s + size), 1), cs)
      if temperature != 1.:
        _0 = d.div_(temperature)
      _1 = torch.slice(gradient, 0, s, s + size).copy_(d)
      s = s + size
    return gradient

  # ---- a critic: its head has one row, which gives a value instead of logits ----------------------------------------

  # h [R, H] -> [R] float32
  def read_values(self: __torch__.Decoder, h: Tensor) -> Tensor:
    return torch.to(torch.squeeze(torch.linear(h, self.weights[2]), 1), 6)

  # Values at the flat positions at [R]
  def value(self: __torch__.Decoder, ids: Tensor, at: Tensor) -> Tensor:
    return self.read_values(self.norm(self.hidden(ids, at, self.policy()[0], False), self.weights[1]))

  def value_forward(self: __torch__.Decoder, ids: Tensor, at: Tensor, recompute: Tensor) -> Tensor:
    return self.read_values(self.body_forward(ids, at, recompute))

  # coefficients [R] are the loss's derivatives by each value.
  def value_backward(self: __torch__.Decoder, coefficients: Tensor) -> Tensor:
    g = torch.to(torch.unsqueeze(coefficients, 1), self.dtype())
    return self.body_backward(self.linear_backward(g, self.head_state[2], 2, -1))

  # AdamW with decoupled decay on the clipped gradient; returns the gradient norm before clipping and clears the gradient.
  def adamw(self: __torch__.Decoder, step: Tensor, lr: Tensor, beta1: Tensor, beta2: Tensor, eps: Tensor, decay: Tensor, max_norm: Tensor) -> Tensor:
    _0 = self.ready_gradient(step)
    n = torch.norm(torch.stack(torch._foreach_norm(self.gradient, 2)))
    scale = torch.clamp(float(max_norm) / (n + 9.9999999999999995e-07), None, 1.)
    torch._foreach_mul_(self.gradient, scale)
    steps = annotate(List[Tensor], [])
    for w in self.trained:
      steps.append(step)
    torch._fused_adamw_(self.trained, self.gradient, self.moment1, self.moment2, annotate(List[Tensor], []), steps, lr=float(lr), beta1=float(beta1), beta2=float(beta2), weight_decay=float(decay), eps=float(eps), amsgrad=False, maximize=False)
    _1 = self.clear(self.gradient)
    return torch.stack([n, torch.to(self.refresh(step), 6)])

  # ---- sampling ---------------------------------------------------------------------------------------------------
  # The cache holds one slot a response, each at a position of its own: keys and values [slots, kv_heads, room, D]. Products of
  # bfloat16 copy what is not contiguous, so all positions that there is room for are attended to, and the room grows in steps.

  def reserve(self: __torch__.Decoder, slots: Tensor, length: Tensor) -> Tensor:
    keys = annotate(List[Tensor], [])
    values = annotate(List[Tensor], [])
    for i in range(self.layers):
      keys.append(self.zeros([int(slots), self.kv_heads, 0, self.head_dim]))
      values.append(self.zeros([int(slots), self.kv_heads, 0, self.head_dim]))
    self.keys = keys
    self.values = values
    # Softmax takes a tenth of the time where the numbers of a row fill the processor's vectors.
    self.longest = (int(length) + 31) // 32 * 32
    return slots

  # Makes room for positions below end.
  def reach(self: __torch__.Decoder, end: int) -> int:
    if end > self.keys[0].size(2):
      room = ops.prim.min(self.longest, (end + 63) // 64 * 64)
      for i in range(self.layers):
        self.keys[i] = self.roomier(self.keys[i], room)
        self.values[i] = self.roomier(self.values[i], room)
    return self.keys[0].size(2)

  def roomier(self: __torch__.Decoder, cache: Tensor, room: int) -> Tensor:
    more = self.zeros([cache.size(0), self.kv_heads, room - cache.size(2), self.head_dim])
    return torch.cat([cache, more], 2)

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
    _ = self.reach(length)
    cos, sin = self.rotary(length)
    ends = self.policy()[0]
    last = self.count(ids.size(0)) * length + lengths - 1
    x = torch.embedding(ends[0], ids)
    for i in range(self.layers):
      ws = self.policy()[1 + i]
      q, k, v = self.project(x, cos, sin, ws, i)
      _0 = torch.slice(self.keys[i], 2, 0, length).index_copy_(0, slots, torch.index_select(torch.transpose(k, 1, 2), 0, source))
      _1 = torch.slice(self.values[i], 2, 0, length).index_copy_(0, slots, torch.index_select(torch.transpose(v, 1, 2), 0, source))
      context = self.attend(q, k, v)[0]
      if i == self.layers - 1:
        x = torch.index_select(torch.flatten(x, 0, 1), 0, last)
        context = torch.index_select(torch.flatten(context, 0, 1), 0, last)
      else:
        x = x
      x = self.finish(x, context, ws, i)
    logits = torch.to(self.linear(self.norm(x, ends[1]), ends[2]), 6)
    return self.choose(torch.index_select(logits, 0, source), uniform, controls)

  # One token for every slot: tokens [n] stand at positions [n] -> the next tokens [n]. span bounds all positions.
  def decode(self: __torch__.Decoder, tokens: Tensor, positions: Tensor, uniform: Tensor, span: Tensor, controls: Tensor) -> Tensor:
    n = tokens.size(0)
    ends = self.policy()[0]
    cos = torch.unsqueeze(torch.index_select(self.cos[0], 0, positions), 1)
    sin = torch.unsqueeze(torch.index_select(self.sin[0], 0, positions), 1)
    at = annotate(List[Optional[Tensor]], [self.count(n), None, positions])
    room = self.reach(int(span))
    hidden_keys = torch.unsqueeze(self.count(room), 0) > torch.unsqueeze(positions, 1)
    mask = torch.masked_fill(self.zeros([n, room]), hidden_keys, -float("inf"))
    mask = torch.unsqueeze(torch.unsqueeze(mask, 1), 1)
    group = self.heads // self.kv_heads
    x = torch.embedding(ends[0], tokens)
    for i in range(self.layers):
      ws = self.policy()[1 + i]
      q, k, v = self.project(x, cos, sin, ws, i)
      _0 = torch.index_put_(self.keys[i], at, k)
      _1 = torch.index_put_(self.values[i], at, v)
      qs = q.view([n, self.kv_heads, group, self.head_dim])
      if self.on_cpu or not self.half:
        scores = torch.matmul(qs, torch.transpose(self.keys[i], 2, 3))
        a = torch.matmul(torch.softmax(torch.add(mask, scores, alpha=self.head_dim ** -0.5), -1), self.values[i])
      else:
        a = torch.scaled_dot_product_attention(qs, self.keys[i], self.values[i], mask, 0., False)
      x = self.finish(x, torch.reshape(a, [n, self.heads * self.head_dim]), ws, i)
    logits = torch.to(self.linear(self.norm(x, ends[1]), ends[2]), 6)
    return self.choose(logits, uniform, controls)
