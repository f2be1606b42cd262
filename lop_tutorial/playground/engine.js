// The playground's engine: small dense networks that learn task after task, in typed arrays, with nothing but this file.
// What each part means is defined by the package: networks/mlp.py, training/learner.py, interventions/, geometry/ftle.
// One function without outer names, so that its text can be handed to a worker.

function engine() {
  /** Uniform and normal random numbers for one purpose: equal words give equal numbers (sfc32). */
  function draws(...purpose) {
    let hash = 2166136261;
    for (const letter of purpose.join("|")) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
    let [a, b, c, d] = [hash, hash ^ 0x9e3779b9, hash ^ 0x243f6a88, 1];
    const bits = () => {
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (c << 21) | (c >>> 11);
      c = (c + t) | 0;
      return t >>> 0;
    };
    for (let i = 0; i < 16; i++) bits();
    const uniform = () => (bits() * 2097152 + (bits() >>> 11)) / 9007199254740992;
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const below = (n) => Math.floor(uniform() * n);
    const order = (n) => {
      const found = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = below(i + 1);
        [found[i], found[j]] = [found[j], found[i]];
      }
      return found;
    };
    return { uniform, normal, below, order };
  }

  /** C[i, j] = sum over k of A[i, k] B[j, k]; steps say how far apart entries lie. Blocks of 4 x 4 stay in registers. */
  function multiply(rows, columns, inner, A, ai, ak, B, bj, bk, C) {
    const whole = columns - (columns % 4);
    let i = 0;
    for (; i + 3 < rows; i += 4) {
      for (let j = 0; j < whole; j += 4) {
        let c0 = 0, c1 = 0, c2 = 0, c3 = 0;
        let d0 = 0, d1 = 0, d2 = 0, d3 = 0;
        let e0 = 0, e1 = 0, e2 = 0, e3 = 0;
        let f0 = 0, f1 = 0, f2 = 0, f3 = 0;
        let p0 = i * ai;
        let p1 = p0 + ai;
        let p2 = p1 + ai;
        let p3 = p2 + ai;
        let q0 = j * bj;
        let q1 = q0 + bj;
        let q2 = q1 + bj;
        let q3 = q2 + bj;
        for (let k = 0; k < inner; k++) {
          const a0 = A[p0];
          const a1 = A[p1];
          const a2 = A[p2];
          const a3 = A[p3];
          let b = B[q0];
          c0 += a0 * b;
          c1 += a1 * b;
          c2 += a2 * b;
          c3 += a3 * b;
          b = B[q1];
          d0 += a0 * b;
          d1 += a1 * b;
          d2 += a2 * b;
          d3 += a3 * b;
          b = B[q2];
          e0 += a0 * b;
          e1 += a1 * b;
          e2 += a2 * b;
          e3 += a3 * b;
          b = B[q3];
          f0 += a0 * b;
          f1 += a1 * b;
          f2 += a2 * b;
          f3 += a3 * b;
          p0 += ak;
          q0 += bk;
          p1 += ak;
          q1 += bk;
          p2 += ak;
          q2 += bk;
          p3 += ak;
          q3 += bk;
        }
        let at = i * columns + j;
        C[at] = c0;
        C[at + 1] = d0;
        C[at + 2] = e0;
        C[at + 3] = f0;
        at += columns;
        C[at] = c1;
        C[at + 1] = d1;
        C[at + 2] = e1;
        C[at + 3] = f1;
        at += columns;
        C[at] = c2;
        C[at + 1] = d2;
        C[at + 2] = e2;
        C[at + 3] = f2;
        at += columns;
        C[at] = c3;
        C[at + 1] = d3;
        C[at + 2] = e3;
        C[at + 3] = f3;
      }
      for (let r = i; r < i + 4; r++)
        for (let j = whole; j < columns; j++) C[r * columns + j] = line(inner, A, r * ai, ak, B, j * bj, bk);
    }
    for (; i < rows; i++) for (let j = 0; j < columns; j++) C[i * columns + j] = line(inner, A, i * ai, ak, B, j * bj, bk);
  }

  function line(inner, A, p, ak, B, q, bk) {
    let sum = 0;
    for (let k = 0; k < inner; k++, p += ak, q += bk) sum += A[p] * B[q];
    return sum;
  }

  const ACTIVATIONS = {
    tanh: {
      of: (h, n) => {
        // 1 - 2 / (e^2x + 1): exact to rounding of 1, and several times as fast as Math.tanh
        for (let i = 0; i < n; i++) h[i] = 1 - 2 / (Math.exp(2 * h[i]) + 1);
      },
      slope: (z) => {
        const e = Math.exp(-2 * Math.abs(z)); // 1 - tanh², with its digits also where tanh is 1 to rounding
        return (4 * e) / ((1 + e) * (1 + e));
      },
      through: (h, d, n) => {
        for (let i = 0; i < n; i++) d[i] *= 1 - h[i] * h[i];
      },
    },
    relu: {
      of: (h, n) => {
        for (let i = 0; i < n; i++) if (h[i] < 0) h[i] = 0;
      },
      slope: (z) => (z > 0 ? 1 : 0),
      through: (h, d, n) => {
        for (let i = 0; i < n; i++) if (!(h[i] > 0)) d[i] = 0;
      },
    },
    linear: { of: () => {}, slope: () => 1, through: () => {} },
  };

  /** How many inputs can pass the layers at once. */
  const ROOM = 512;

  /** Dense layers to the representation, and a head that reads it divided by the square root of its width. */
  class Network {
    constructor({ inputs, hidden, activations, outputs }) {
      this.inputs = inputs;
      this.layers = [...hidden, outputs].map((out, k) => {
        const into = k ? hidden[k - 1] : inputs;
        const arrays = (length) => ({ value: new Float64Array(length), gradient: new Float64Array(length), momentum: new Float64Array(length) });
        const act = ACTIVATIONS[activations[k] ?? "linear"];
        return { into, out, w: arrays(out * into), b: arrays(out), h: new Float64Array(ROOM * out), d: new Float64Array(ROOM * out), act };
      });
      this.depth = hidden.length;
      this.body = this.layers.slice(0, -1);
      this.head = this.layers[this.depth];
      this.last = this.body[this.depth - 1];
      this.scale = hidden[hidden.length - 1] ** -0.5;
      this.read = new Float64Array(ROOM * this.head.into);
    }

    get weights() {
      return this.layers.flatMap(({ w, b }) => [w, b]);
    }

    initialise(draw) {
      for (const layer of this.body) this.draw(layer, draw);
      this.draw(this.head, draw);
    }

    /** The spread of a layer's fresh weights; biases begin at 0. */
    spread(layer) {
      return layer === this.head ? 1 : layer.into ** -0.5;
    }

    draw(layer, draw) {
      const spread = this.spread(layer);
      for (let i = 0; i < layer.w.value.length; i++) layer.w.value[i] = spread * draw.normal();
      layer.b.value.fill(0);
    }

    /** Logits of the first n rows of x, in `head.h`; what the layers give stays in their `h`, and their slopes if asked. */
    forward(x, n, slopes = false) {
      let input = x;
      for (const layer of this.layers) {
        const { into, out, w, b, h, act } = layer;
        if (layer === this.head) {
          for (let i = 0; i < n * into; i++) this.read[i] = this.scale * input[i];
          input = this.read;
        }
        multiply(n, out, into, input, into, 1, w.value, into, 1, h);
        for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < out; j++, at++) h[at] += b.value[j];
        if (slopes) layer.slope = h.slice(0, n * out).map(act.slope);
        act.of(h, n * out);
        input = h;
      }
      return input;
    }

    /** Gradients of all weights, from that of the logits in `head.d`, after `forward` of the same rows. */
    backward(x, n) {
      for (let k = this.depth; k >= 0; k--) {
        const { into, out, w, b, h, d, act } = this.layers[k];
        act.through(h, d, n * out);
        const input = k === this.depth ? this.read : k ? this.layers[k - 1].h : x;
        multiply(out, into, n, d, 1, out, input, 1, into, w.gradient);
        for (let j = 0; j < out; j++) {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += d[i * out + j];
          b.gradient[j] = sum;
        }
        if (!k) break;
        const below = this.layers[k - 1].d;
        multiply(n, into, out, d, out, 1, w.value, 1, into, below);
        if (k === this.depth) for (let i = 0; i < n * into; i++) below[i] *= this.scale;
      }
    }
  }

  /** The mixtures m x + (1 - m) x' of n rows and of their labels, with the bump M within a class (interventions/generalized_mixup.py). */
  function mix(x, y, otherX, otherY, n, m, bump, mixed, labels) {
    const inputs = x.length / n;
    const outputs = y.length / n;
    for (let i = 0; i < n; i++) {
      for (let k = i * inputs; k < (i + 1) * inputs; k++) mixed[k] = m[i] * x[k] + (1 - m[i]) * otherX[k];
      const b = bump / 2 - bump * Math.abs(0.5 - m[i]);
      let same = 0;
      for (let k = i * outputs; k < (i + 1) * outputs; k++) same += y[k] * otherY[k];
      for (let k = i * outputs; k < (i + 1) * outputs; k++) labels[k] = same > 0 ? y[k] + b * (2 * y[k] - 1) : m[i] * y[k] + (1 - m[i]) * otherY[k];
    }
  }

  /** For each place another one of its class (with chance `intra`) or of another class, of all in a task; itself where there is none. */
  function partners(labels, places, intra, draw) {
    return places.map((i) => {
      const same = draw.uniform() < intra;
      const found = [];
      for (let j = 0; j < labels.length; j++) if (j !== i && (labels[i] === labels[j]) === same) found.push(j);
      return found.length ? found[draw.below(found.length)] : i;
    });
  }

  /** A network that learns: SGD with momentum, and what a method does to batches, gradients and units. */
  class Learner {
    constructor(settings, draw) {
      this.settings = settings;
      this.network = new Network(settings);
      this.restart(draw);
    }

    restart(draw) {
      this.network.initialise(draw);
      if (this.settings.head === "zero") this.newHead(draw);
      this.forget();
      this.remember();
    }

    /** What a method keeps from here on. */
    remember() {
      if (this.settings.method === "l2_init") for (const each of this.network.weights) each.first = each.value.slice();
      if (this.settings.method === "cbp")
        for (const layer of this.network.body)
          layer.cbp = { utility: new Float64Array(layer.out), mean: new Float64Array(layer.out), age: new Float64Array(layer.out), due: 0 };
    }

    forget() {
      for (const { momentum } of this.network.weights) momentum.fill(0);
    }

    /** Before a task other than the first. */
    begin(draw) {
      if (this.settings.method === "retrained") this.restart(draw);
      this.newHead(draw);
      if (!this.settings.keepMomentum) this.forget();
    }

    newHead(draw) {
      const { head } = this.network;
      if (this.settings.head === "fresh") this.network.draw(head, draw);
      if (this.settings.head === "zero") [head.w, head.b].forEach(({ value }) => value.fill(0));
    }

    /** One step on n rows; the loss before it. `fresh(layer, n)` gives the n-th row of weights for a layer's new units. */
    step(x, y, n, fresh) {
      const { network, settings } = this;
      const loss = this.loss(x, y, n);
      network.backward(x, n);
      let penalty = 0;
      for (const { value, gradient, momentum, first } of network.weights) {
        for (let i = 0; i < value.length; i++) {
          if (first) {
            const away = value[i] - first[i];
            penalty += away * away;
            gradient[i] += 2 * settings.strength * away;
          }
          momentum[i] = settings.momentum * momentum[i] + gradient[i];
          value[i] -= settings.stepSize * momentum[i];
        }
      }
      if (settings.method === "cbp") this.replace(n, fresh);
      return loss + (penalty ? settings.strength * penalty : 0);
    }

    /** Mean loss of n rows; its gradient with respect to the logits goes to `head.d`. A label above 1 marks a pair of one class. */
    loss(x, y, n) {
      const { loss, intraWeight = 1 } = this.settings;
      const { head } = this.network;
      const [z, d, c] = [this.network.forward(x, n), head.d, head.out];
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const at = i * c;
        let [most, total, top] = [-Infinity, 0, -Infinity];
        for (let k = 0; k < c; k++) {
          most = Math.max(most, y[at + k]);
          top = Math.max(top, z[at + k]);
        }
        if (loss === "cross_entropy" && !(most > 1)) {
          let labels = 0;
          for (let k = 0; k < c; k++) {
            total += Math.exp(z[at + k] - top);
            labels += y[at + k];
          }
          for (let k = 0; k < c; k++) {
            sum += (y[at + k] * (Math.log(total) + top - z[at + k])) / n;
            d[at + k] = ((labels * Math.exp(z[at + k] - top)) / total - y[at + k]) / n;
          }
        } else {
          const weight = (most > 1 ? intraWeight : 1) / (n * c);
          for (let k = 0; k < c; k++) {
            const error = z[at + k] - y[at + k];
            sum += weight * error * error;
            d[at + k] = 2 * weight * error;
          }
        }
      }
      return sum;
    }

    /** Continual backpropagation, after a step (interventions/continual_backprop.py). */
    replace(n, fresh) {
      const { layers, body } = this.network;
      const chosen = body.map((layer, k) => this.leastUseful(layer, k, n));
      body.forEach((layer, k) =>
        chosen[k].forEach(({ unit, mean }, row) => {
          const { w, b, out } = layers[k + 1];
          for (let o = 0; o < out; o++) {
            const at = o * layer.out + unit;
            b.value[o] += mean * w.value[at];
            w.value[at] = w.momentum[at] = 0;
          }
          layer.w.value.set(fresh(k, row), unit * layer.into);
          layer.w.momentum.fill(0, unit * layer.into, (unit + 1) * layer.into);
          layer.b.value[unit] = layer.b.momentum[unit] = 0;
        }),
      );
    }

    leastUseful(layer, k, n) {
      const { rate, maturity, decay, count } = this.settings;
      const { utility, mean, age } = layer.cbp;
      const next = this.network.layers[k + 1];
      const read = next === this.network.head ? this.network.read : layer.h;
      const worth = new Float64Array(layer.out);
      let mature = 0;
      for (let u = 0; u < layer.out; u++) {
        const corrected = 1 - decay ** ++age[u];
        let [middle, size, incoming, outgoing] = [0, 0, 0, 0];
        for (let i = 0; i < n; i++) middle += read[i * layer.out + u] / n;
        mean[u] = decay * mean[u] + (1 - decay) * middle;
        for (let i = 0; i < n; i++) size += Math.abs(read[i * layer.out + u] - mean[u] / corrected) / n;
        for (let i = 0; i < layer.into; i++) incoming += Math.abs(layer.w.value[u * layer.into + i]) / layer.into;
        for (let o = 0; o < next.out; o++) outgoing += Math.abs(next.w.value[o * layer.out + u]) / next.out;
        utility[u] = decay * utility[u] + (1 - decay) * ((size * outgoing) / incoming);
        if (age[u] > maturity) mature++;
        worth[u] = age[u] > maturity ? utility[u] / corrected : Infinity;
      }
      layer.cbp.due += rate * (count === "all" ? (mature ? layer.out : 0) : mature);
      const number = Math.min(mature, Math.floor(layer.cbp.due));
      layer.cbp.due -= Math.floor(layer.cbp.due);
      if (!number) return [];
      const ranked = [...worth.keys()].sort((one, other) => worth[one] - worth[other] || one - other);
      return ranked
        .slice(0, number)
        .sort((one, other) => one - other)
        .map((unit) => {
          const passed = mean[unit] / (1 - decay ** age[unit]);
          utility[unit] = mean[unit] = age[unit] = 0;
          return { unit, mean: passed };
        });
    }

    /** One pass over a task's training points in the order drawn; false as soon as a loss is not finite. */
    epoch(task, batches, mixing, renew) {
      const { batch, method, bump, intra } = this.settings;
      const [inputs, outputs] = [this.network.inputs, this.network.head.out];
      const n = Math.min(batch, task.labels.length);
      const order = batches.order(task.labels.length);
      const rows = (wide) => new Float64Array(n * wide);
      const pair = () => [rows(inputs), rows(outputs)];
      const [own, other, mixed] = (this.rooms ??= [pair(), pair(), pair()]);
      const take = (places, [x, y]) => {
        y.fill(0);
        for (let i = 0; i < n; i++) {
          const from = places[i] * inputs;
          for (let k = 0; k < inputs; k++) x[i * inputs + k] = task.x[from + k];
          y[i * outputs + task.labels[places[i]]] = 1;
        }
      };
      const fresh = (k) => {
        const layer = this.network.layers[k];
        return Float64Array.from({ length: layer.into }, () => this.network.spread(layer) * renew.normal());
      };
      for (let start = 0; start + n <= order.length; start += n) {
        const places = order.subarray(start, start + n);
        take(places, own);
        if (method === "mixing") {
          const others = partners(task.labels, places, intra, mixing);
          take(others, other);
          const m = Float64Array.from(others, (j, i) => (j === places[i] ? 1 : mixing.uniform()));
          mix(...own, ...other, n, m, bump, ...mixed);
        }
        if (!Number.isFinite(this.step(...(method === "mixing" ? mixed : own), n, fresh))) return false;
      }
      return true;
    }
  }

  /** The share of points whose largest logit is their class's; NaN where a logit is not finite. */
  function accuracy(network, x, labels) {
    const c = network.head.out;
    const z = network.forward(x, labels.length);
    let right = 0;
    for (let i = 0; i < labels.length; i++) {
      let best = 0;
      for (let k = 0; k < c; k++) {
        if (!Number.isFinite(z[i * c + k])) return NaN;
        if (z[i * c + k] > z[i * c + best]) best = k;
      }
      if (best === labels[i]) right++;
    }
    return right / labels.length;
  }

  /** (1 / l) log of the largest singular value of the representation's Jacobian, at n inputs. */
  function exponents(network, x, n) {
    const { inputs, body, depth } = network;
    network.forward(x, n, true);
    const widest = Math.max(...body.map(({ out }) => out)) * inputs;
    const found = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let [now, next] = [new Float64Array(widest), new Float64Array(widest)];
      body.forEach(({ into, out, w, slope }, k) => {
        if (k) multiply(out, inputs, into, w.value, into, 1, now, 1, inputs, next);
        else next.set(w.value);
        for (let u = 0, at = 0; u < out; u++) {
          for (let j = 0; j < inputs; j++, at++) next[at] *= slope[i * out + u];
        }
        [now, next] = [next, now];
      });
      found[i] = Math.log(largestSingular(now, network.last.out, inputs)) / depth;
    }
    return found;
  }

  /** By squaring J^T J, or J J^T, over and over: its trace is soon that of the leading direction alone. */
  function largestSingular(J, rows, columns) {
    let size = 0;
    for (let i = 0; i < rows * columns; i++) size = Math.max(size, Math.abs(J[i]));
    if (!(size > 0)) return size; // 0, or NaN
    const n = Math.min(rows, columns);
    const G = new Float64Array(n * n);
    if (rows < columns) multiply(n, n, columns, J, columns, 1, J, columns, 1, G);
    else multiply(n, n, rows, J, 1, columns, J, 1, columns, G);
    for (let i = 0; i < n * n; i++) G[i] /= size * size;
    let [P, Q] = [G.slice(), new Float64Array(n * n)];
    const trace = (M) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += M[i * n + i];
      return sum;
    };
    for (let turn = 0; turn < 40; turn++) {
      const whole = trace(P);
      let square = 0;
      for (let i = 0; i < n * n; i++) {
        P[i] /= whole;
        square += P[i] * P[i];
      }
      if (1 - square < 1e-14) break;
      multiply(n, n, n, P, n, 1, P, n, 1, Q);
      [P, Q] = [Q, P];
    }
    let value = 0;
    for (let i = 0; i < n * n; i++) value += G[i] * P[i];
    return size * Math.sqrt(value / trace(P));
  }

  /** The middle one, or the upper of two; infinite ones count, NaN does not. */
  function median(values) {
    const sorted = Float64Array.from(values).filter((each) => !Number.isNaN(each)).sort();
    return sorted.length ? sorted[sorted.length >> 1] : NaN;
  }

  /** The share of hidden units that give the same output, to a thousandth, for each of n inputs. */
  function silentUnits(network, x, n) {
    network.forward(x, n);
    let [silent, all] = [0, 0];
    for (const { out, h } of network.body) {
      all += out;
      for (let u = 0; u < out; u++) {
        let [low, high] = [Infinity, -Infinity];
        for (let i = 0; i < n; i++) {
          low = Math.min(low, h[i * out + u]);
          high = Math.max(high, h[i * out + u]);
        }
        if (high - low < 1e-3) silent++;
      }
    }
    return silent / all;
  }

  /** Two Gaussian clouds of unit spread, a `distance` apart in directions of their own at each task (streams/toy_points.py). */
  function clouds({ seed, inputs, distance, trainPerClass, testPerClass }, index) {
    const draw = draws(seed, "clouds", index);
    const [u, v] = [0, 1].map(() => Float64Array.from({ length: inputs }, draw.normal));
    const length = (a) => Math.sqrt(a.reduce((sum, each) => sum + each * each, 0));
    const unit = length(u);
    u.forEach((each, k) => (u[k] = each / unit));
    const along = u.reduce((sum, each, k) => sum + each * v[k], 0);
    v.forEach((each, k) => (v[k] = each - along * u[k]));
    const other = length(v);
    v.forEach((each, k) => (v[k] = each / other));
    const half = u.map((each, k) => ((each - v[k]) * distance) / Math.SQRT2 / 2); // the centres are plus and minus this
    const points = (perClass) => {
      const labels = Int32Array.from({ length: 2 * perClass }, (_, i) => (i < perClass ? 0 : 1));
      const x = Float64Array.from({ length: labels.length * inputs }, draw.normal);
      for (let i = 0; i < x.length; i++) x[i] += (labels[Math.floor(i / inputs)] ? -1 : 1) * half[i % inputs];
      return { x, labels };
    };
    const train = points(trainPerClass);
    const test = points(testPerClass);
    return { ...train, test };
  }

  /** What the page's choices mean: those of `two_types` in experiments/catalogue.py, but for what is chosen. */
  function experiment({ width, units, step_size, method, amount, head, loss, distance, seed }, cbp) {
    const intra = { inter: 0, intra: 1, both: 0.5 }[method];
    return {
      seed,
      inputs: 20,
      outputs: 2,
      hidden: [32, 32, 32, width],
      activations: ["tanh", "tanh", "tanh", units],
      stepSize: step_size,
      momentum: 0.9,
      keepMomentum: false,
      batch: 32,
      epochs: 100,
      loss,
      head,
      method: intra === undefined ? method : "mixing",
      ...(intra !== undefined && { intra, intraWeight: 1, bump: amount }),
      ...(method === "l2_init" && { strength: amount }),
      ...(method === "cbp" && { ...cbp, rate: amount }),
      distance,
      trainPerClass: 32,
      testPerClass: 250,
    };
  }

  return { experiment, draws, Network, Learner, mix, partners, accuracy, exponents, median, silentUnits, clouds };
}
