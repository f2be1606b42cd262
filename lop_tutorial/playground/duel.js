// Two networks on the same tasks, an old one and a fresh one, in a worker: what the page asks for, and what it is shown.
// Given the engine as E, and the worker's own `send` and `listen`; its text is handed to the worker like the engine's.

function duel(E, send, listen) {
  const SLICE = 12; // milliseconds of work, after which messages are heard
  const SHOWN = 30; // test points of each class in a picture
  const PACES = {
    slow: { frames: 20, frame: 90, arrive: 1500, done: 1300 },
    steady: { frames: 6, frame: 45, arrive: 170, done: 130 },
    fast: { frames: 0, frame: 0, arrive: 0, done: 0 },
  };

  let [settings, old, fresh, task, index, epoch, spots] = [];
  let [left, pace, calm, running, born, order] = [0, "steady", false, false, 0, 0];
  let [seen, waiting] = [true, null];

  const channel = new MessageChannel();
  const turn = () => new Promise((go) => ((channel.port1.onmessage = go), channel.port2.postMessage(0)));
  const sleep = (ms) => new Promise((go) => setTimeout(go, ms));

  /** Each message names the life that it tells of: some are under way when the page begins another. */
  const post = (message) => send({ ...message, life: born });

  /** Says that nothing is going on any more. The page has perhaps asked for more meanwhile: it knows by the number. */
  const rest = () => post({ kind: "rest", order });

  /** Sends a picture once the page has drawn the one before, if that life still goes on then. */
  async function show(frame) {
    const mine = born;
    if (!seen) await new Promise((go) => (waiting = go));
    if (mine !== born) return;
    seen = false;
    post(frame);
  }

  function reset({ life, choices, cbp, played = 0 }) {
    settings = E.experiment(choices, cbp);
    born = life;
    index = -1;
    spots = null;
    const weights = () => E.draws(settings.seed, "weights", 0);
    old = { learner: new E.Learner(settings, weights()), axes: null };
    fresh = { learner: new E.Learner({ ...settings, method: "retrained" }, weights()), axes: null };
    begin();
    post({ kind: "reset", choices, frame: picture("arrive") });
    if (played) open(played, choices);
  }

  /** Lives through some tasks without a picture, and shows the one after them as it arrives. */
  async function open(played, choices) {
    const mine = born;
    running = true;
    while (index < played && mine === born) {
      const share = landed();
      while (epoch < settings.epochs && mine === born) {
        for (const { learner, draws } of [old, fresh]) learner.epoch(task, ...draws);
        epoch++;
        if (epoch % 10 === 0) await turn();
      }
      if (mine !== born) break;
      post({ kind: "past", landed: share, measured: measured() });
      begin();
    }
    running = false;
    if (mine === born) post({ kind: "reset", choices, frame: picture("arrive") });
    if (left > 0) return live();
    if (mine === born) rest();
  }

  function begin() {
    index++;
    epoch = 0;
    task = E.clouds(settings, index);
    for (const one of [old, fresh]) {
      if (index) one.learner.begin(E.draws(settings.seed, "weights", index));
      one.draws = ["batches", "mixing", "renew"].map((what) => E.draws(settings.seed, what, index));
      one.axes = null;
    }
  }

  /** The representation of training points, then of some test points, in two dimensions; and how many squares of side 0.1
   *  the training points take there. */
  function view(one) {
    const { network } = one.learner;
    const { out: d, h } = network.last;
    const test = [...Array(SHOWN).keys()].flatMap((i) => [i, settings.testPerClass + i]);
    const count = task.labels.length;
    const x = new Float64Array((count + test.length) * settings.inputs);
    x.set(task.x);
    test.forEach((from, i) => x.set(task.test.x.subarray(from * settings.inputs, (from + 1) * settings.inputs), (count + i) * settings.inputs));
    const n = count + test.length;
    network.forward(x, n);
    const points = new Float32Array(2 * n);
    if (d <= 2) for (let i = 0; i < n; i++) [points[2 * i], points[2 * i + 1]] = [h[i * d], d === 2 ? h[i * d + 1] : 0.6 * Math.sin(7 * i)];
    else project(one, h, d, n, count, points);
    const labels = [...task.labels, ...test.map((from) => task.test.labels[from])];
    const { w, b } = network.head;
    const line = d === 2 ? [0, 1].map((k) => (w.value[k] - w.value[d + k]) * network.scale).concat(b.value[0] - b.value[1]) : null;
    const places = d <= 2 ? new Set([...Array(count).keys()].map((i) => String([...h.subarray(i * d, (i + 1) * d)].map((each) => Math.floor(each * 10))))).size : 0;
    return { points, labels, trained: count, line, places, train: E.accuracy(network, task.x, task.labels) };
  }

  /** Along the line between the class means of the training points, and the first principal axis across it. */
  function project(one, h, d, n, count, points) {
    const mean = new Float64Array(d);
    const between = new Float64Array(d);
    for (let i = 0; i < count; i++)
      for (let k = 0; k < d; k++) {
        mean[k] += h[i * d + k] / count;
        between[k] += ((task.labels[i] ? 1 : -1) * h[i * d + k]) / (count / 2);
      }
    const unit = (a) => {
      const size = Math.sqrt(a.reduce((sum, each) => sum + each * each, 0)) || 1;
      return a.map((each) => each / size);
    };
    const first = unit(between);
    let across = one.axes ?? first.map((_, k) => Math.cos(k + 1)); // where it lay in the last picture
    for (let round = 0; round < 12; round++) {
      const next = new Float64Array(d);
      for (let i = 0; i < count; i++) {
        let [along, dot] = [0, 0];
        for (let k = 0; k < d; k++) along += (h[i * d + k] - mean[k]) * first[k];
        for (let k = 0; k < d; k++) dot += (h[i * d + k] - mean[k] - along * first[k]) * across[k];
        for (let k = 0; k < d; k++) next[k] += dot * (h[i * d + k] - mean[k] - along * first[k]);
      }
      across = unit(next);
    }
    one.axes = across;
    for (let i = 0; i < n; i++)
      for (let k = 0; k < d; k++) {
        const away = (h[i * d + k] - mean[k]) / Math.sqrt(d);
        points[2 * i] += away * first[k];
        points[2 * i + 1] += away * across[k];
      }
  }

  /** The share of a new task's points that lie within 0.05 of where the task before has put one (experiments/arrivals.py). */
  function landed() {
    const { network } = old.learner;
    const d = network.last.out;
    if (!spots || d > 2) return null;
    network.forward(task.x, task.labels.length);
    const { h } = network.last;
    let near = 0;
    for (let i = 0; i < task.labels.length; i++) {
      let least = Infinity;
      for (let j = 0; j < spots.length; j += d) {
        let apart = 0;
        for (let k = 0; k < d; k++) apart += (h[i * d + k] - spots[j + k]) ** 2;
        least = Math.min(least, apart);
      }
      if (least < 0.05 ** 2) near++;
    }
    return near / task.labels.length;
  }

  function picture(moment) {
    const frame = { kind: "frame", moment, task: index + 1, share: epoch / settings.epochs, old: view(old), fresh: view(fresh) };
    return moment === "arrive" ? { ...frame, landed: landed() } : frame;
  }

  /** Points on sixteen segments between training points of the two classes, five on each. */
  function crossings() {
    const draw = E.draws(settings.seed, "crossings", index);
    const { inputs, trainPerClass } = settings;
    const x = new Float64Array(80 * inputs);
    for (let pair = 0; pair < 16; pair++) {
      const [from, to] = [draw.below(trainPerClass), trainPerClass + draw.below(trainPerClass)];
      for (let place = 0; place < 5; place++)
        for (let k = 0; k < inputs; k++) {
          const share = (place + 1) / 6;
          x[(pair * 5 + place) * inputs + k] = (1 - share) * task.x[from * inputs + k] + share * task.x[to * inputs + k];
        }
    }
    return x;
  }

  function measured() {
    const crossing = crossings();
    const of = ({ learner: { network } }) => ({
      train: E.accuracy(network, task.x, task.labels),
      test: E.accuracy(network, task.test.x, task.test.labels),
      within: E.median(E.exponents(network, task.x, task.labels.length)),
      between: E.median(E.exponents(network, crossing, 80)),
      silent: E.silentUnits(network, task.x, task.labels.length),
    });
    const found = { old: of(old), fresh: of(fresh) };
    const { out, h } = old.learner.network.last;
    old.learner.network.forward(task.x, task.labels.length);
    spots = h.slice(0, task.labels.length * out);
    return found;
  }

  /** Lives on, task after task, as long as there are any left; a reset ends it. */
  async function live() {
    if (running) return;
    running = true;
    const mine = born;
    const stopped = () => mine !== born || left <= 0;
    let began = performance.now();
    while (!stopped()) {
      if (epoch === settings.epochs) begin();
      if (epoch === 0) {
        await show(picture("arrive"));
        await sleep(PACES[pace].arrive);
      }
      while (epoch < settings.epochs && !stopped()) {
        for (const { learner, draws } of [old, fresh]) learner.epoch(task, ...draws);
        epoch++;
        const { frames, frame } = PACES[pace];
        if (frames && !calm && epoch < settings.epochs && epoch % Math.round(settings.epochs / frames) === 0) {
          await show(picture("learn"));
          await sleep(frame);
        } else if (performance.now() - began > SLICE) {
          await turn();
          began = performance.now();
        }
      }
      if (epoch < settings.epochs || mine !== born) break;
      left--;
      await show({ ...picture("done"), ...{ measured: measured(), left } });
      if (mine === born && !Number.isFinite(old.learner.network.head.h[0])) left = 0;
      if (left > 0) await sleep(PACES[pace].done);
    }
    running = false;
    if (mine !== born) return live();
    rest();
  }

  listen((said) => {
    if (said.kind === "seen") {
      seen = true;
      const go = waiting;
      waiting = null;
      go?.();
    }
    pace = said.pace ?? pace;
    calm = said.calm ?? calm;
    if (said.kind === "reset") {
      left = 0;
      reset(said);
    }
    if (said.kind === "play") {
      [left, order] = [said.tasks, said.order];
      live();
    }
    if (said.kind === "pause") left = 0;
  });
}
