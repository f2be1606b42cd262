// The playground's page: controls, two networks side by side, curves over tasks, and a line that says what happens.
// Put after the explorers' common.js, engine.js and duel.js; it asks its host for get, set, on and save_changes.

const STOPS = { width: [1, 2, 4, 8, 16, 32, 64, 128, 256], step_size: [0.01, 0.025, 0.05, 0.1, 0.2, 0.4], distance: [1, 1.5, 2, 2.5, 3, 4, 6] };
const AMOUNT_STOPS = {
  intra: { name: "bump M", stops: [0, 0.25, 0.5, 0.75, 1, 1.5, 2] },
  both: { name: "bump M", stops: [0, 0.25, 0.5, 0.75, 1, 1.5, 2] },
  l2_init: { name: "strength", stops: [1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1] },
  cbp: { name: "replacement rate", stops: [1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2] },
};
const OPTIONS = {
  units: { tanh: "tanh", relu: "ReLU", linear: "linear" },
  method: {
    none: "nothing",
    retrained: "retrained: new weights for each task",
    inter: "mixing between classes",
    intra: "mixing within classes",
    both: "mixing both ways (G-mixup)",
    l2_init: "L2 init",
    cbp: "continual backpropagation",
  },
  head: { fresh: "drawn anew", keep: "kept", zero: "set to zero" },
  loss: { squared_error: "squared error", cross_entropy: "cross-entropy" },
};
const RANGES = { width: [1, 256], step_size: [Number.MIN_VALUE, 10], amount: [0, Number.MAX_VALUE], distance: [0, 20], seed: [0, Number.MAX_SAFE_INTEGER] };
const MARK = "play-";
const FLOOR = -4; // where the curves of exponents end; minus infinity is drawn there
const percent = (share) => (Number.isNaN(share) ? "no number" : `${Math.round(100 * share)} %`);
const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** "play-width-256-step_size-0_1": the settings in a link, in letters that may stand anywhere in one. */
const toLink = (choices) => `#${MARK}${Object.entries(choices).map(([name, value]) => `${name}-${String(value).replace(".", "_").replace("-", "~")}`).join("-")}`;

/** The settings of a link over others; what is unknown, or not what `Settings` takes, is left out. */
function fromLink(hash, choices, amounts) {
  if (!hash.startsWith(`#${MARK}`)) return null;
  const asked = {};
  const parts = hash.slice(MARK.length + 1).split("-");
  for (let k = 0; k + 1 < parts.length; k += 2) {
    const [name, text] = [parts[k], parts[k + 1]];
    if (Object.hasOwn(OPTIONS, name) && Object.hasOwn(OPTIONS[name], text)) asked[name] = text;
    else if (Object.hasOwn(RANGES, name) && text) {
      const number = Number(text.replace("_", ".").replace("~", "-"));
      const [least, most] = RANGES[name];
      if (number >= least && number <= most && (Number.isInteger(number) || !["width", "seed"].includes(name))) asked[name] = number;
    }
  }
  if (asked.method) asked.amount ??= amounts[asked.method] ?? 0;
  const found = { ...choices, ...asked };
  if (!(found.method in AMOUNT_STOPS)) found.amount = 0;
  if (found.method === "cbp" && found.amount > 1) found.amount = amounts.cbp;
  return found;
}

/** A slider over numbers; one that is not among them takes its place between its neighbours. */
function stopsSlider(name, numbers, value, text, changed) {
  const stops = [...new Set([...numbers, value])].sort((a, b) => a - b);
  return slider(name, { max: stops.length - 1, value: stops.indexOf(value), text: (at) => text(stops[at]), input: (at) => changed(stops[at]) }).node;
}

function chooser(name, options, value, changed) {
  const id = newId();
  const list = h("select", { id, onchange: (event) => changed(event.target.value) });
  for (const [key, words] of Object.entries(options)) list.append(h("option", { value: key, selected: key === value ? "" : null }, words));
  return h("div", { class: "lop-choice" }, h("label", { for: id }, name), list);
}

/** All controls for some choices; `change(name, value)` is called for each move. */
function controls(choices, amounts, change) {
  const put = (name) => (value) => change({ [name]: value });
  const basic = [
    stopsSlider("width, in units", STOPS.width, choices.width, String, put("width")),
    stopsSlider("step size", STOPS.step_size, choices.step_size, String, put("step_size")),
    chooser("method", OPTIONS.method, choices.method, (method) => change({ method, amount: amounts[method] ?? 0 })),
  ];
  const amount = AMOUNT_STOPS[choices.method];
  if (amount) basic.push(stopsSlider(amount.name, amount.stops, choices.amount, String, put("amount")));
  const more = [
    chooser("activation", OPTIONS.units, choices.units, put("units")),
    chooser("head at a new task", OPTIONS.head, choices.head, put("head")),
    chooser("loss", OPTIONS.loss, choices.loss, put("loss")),
    stopsSlider("clouds apart by", STOPS.distance, choices.distance, String, put("distance")),
  ];
  const id = newId();
  const seed = h("input", { id, type: "number", min: 0, max: 9999, step: 1, value: choices.seed, onchange: ({ target }) => change({ seed: Math.max(0, Math.round(Number(target.value) || 0)) }) });
  more.push(h("div", { class: "lop-choice" }, h("label", { for: id }, "seed"), seed));
  return [...basic, ...more];
}

/** One network's points: training points large, new points of the same clouds small and faint. */
function cloudPanel(spec, title) {
  const svg = h("svg:svg", { role: "img", "aria-label": title });
  const heading = h("p", { class: "lop-heading" });
  const node = h("div", { class: "lop-cloud" }, heading, svg);
  const looks = spec.classes.map(({ light, dark }) => `--light:${light};--dark:${dark}`);
  const frame = h("svg:rect", { class: "frame" });
  const boundary = h("svg:path", { class: "decision" });
  const group = h("svg:g");
  svg.append(frame, boundary, group);
  let marks = [];
  let labelled = "";

  function make({ labels, trained }) {
    marks = labels.map((label, i) => {
      const size = i < trained ? 4.2 : 2.4;
      return h("svg:path", { class: `mark series${i < trained ? "" : " faint"}`, d: markPath(label, size), style: looks[label] });
    });
    const inTurn = (some) => some.flatMap((mark, i) => (i < some.length / 2 ? [mark, some[i + some.length / 2]] : [])); // no class hides the other
    group.replaceChildren(...marks.slice(trained), ...inTurn(marks.slice(0, trained)));
    labelled = labels.join("");
  }

  /** Of all that a picture says: the points, and the heading that says how much is learned. */
  return {
    node,
    draw(view, reach, words) {
      if (labelled !== view.labels.join("")) make(view);
      const side = svg.clientWidth;
      if (!side) return;
      svg.style.height = `${side}px`;
      const x = scale([-reach, reach], [0, side]);
      const y = scale([-reach, reach], [side, 0]);
      for (const [name, value] of Object.entries({ x: 0.5, y: 0.5, width: side - 1, height: side - 1 })) frame.setAttribute(name, value);
      const piles = new Map();
      marks.forEach((mark, i) => {
        let [across, up] = [x(view.points[2 * i]), y(view.points[2 * i + 1])];
        if (!Number.isFinite(across + up)) [across, up] = [-99, -99];
        if (i < view.trained) {
          // training points on one spot lie around it, so that a pile shows how many there are, and of which class
          const spot = `${Math.round(across / 5)} ${Math.round(up / 5)}`;
          const place = piles.get(spot) ?? 0;
          piles.set(spot, place + 1);
          across += 2.6 * Math.sqrt(place) * Math.cos(2.4 * place);
          up += 2.6 * Math.sqrt(place) * Math.sin(2.4 * place);
        }
        mark.setAttribute("transform", `translate(${across.toFixed(1)} ${up.toFixed(1)})`);
      });
      boundary.setAttribute("d", view.line ? lineThrough(view.line, reach, x, y) : "");
      heading.replaceChildren(h("strong", {}, title), h("span", {}, words));
      svg.setAttribute("aria-label", `${title}: ${words}`);
    },
  };
}

/** Where a h1 + b h2 + c = 0 crosses the square, as a path. */
function lineThrough([a, b, c], reach, x, y) {
  const ends = [];
  for (const edge of [-reach, reach]) {
    const up = -(a * edge + c) / b;
    const along = -(b * edge + c) / a;
    if (Math.abs(up) <= reach) ends.push([edge, up]);
    if (Math.abs(along) <= reach) ends.push([along, edge]);
  }
  return ends.length < 2 ? "" : `M${ends.slice(0, 2).map(([p, q]) => `${x(p).toFixed(1)} ${y(q).toFixed(1)}`).join("L")}`;
}

/** Curves over tasks; long lives are drawn in averages of neighbours. */
function chart(title, limits, ticksOf) {
  const svg = h("svg:svg", { role: "img", "aria-label": title });
  const legend = h("p", { class: "lop-legend", "aria-hidden": "true" });
  const node = h("div", { class: "lop-chart" }, h("p", { class: "lop-heading" }, h("strong", {}, title)), svg, legend);
  let drawn = "";
  return {
    node,
    draw(series, words) {
      const width = svg.clientWidth;
      if (!width) return;
      const height = 150;
      svg.style.height = `${height}px`;
      const box = { left: 46, top: 6, width: width - 54, height: height - 30 };
      const tasks = Math.max(20, series[0].values.length);
      const x = scale([1, tasks], [box.left, box.left + box.width]);
      const y = scale(limits, [box.top + box.height, box.top]);
      const bottom = box.top + box.height;
      const parts = [];
      for (const [value, text] of ticksOf) {
        parts.push(h("svg:path", { class: "grid", d: `M${box.left} ${y(value)}h${box.width}` }));
        parts.push(h("svg:text", { x: box.left - 5, y: y(value) + 4, "text-anchor": "end" }, text));
      }
      let first = true;
      for (const value of ticks([1, tasks], Math.max(2, Math.round(width / 90))).found) {
        if (value > 1) parts.push(h("svg:text", { x: x(value), y: bottom + 15, "text-anchor": "middle" }, first ? `task ${value}` : value));
        first &&= value <= 1;
      }
      parts.push(h("svg:rect", { class: "frame", x: box.left, y: box.top, width: box.width, height: box.height }));
      for (const { values, look, kind } of [...series].reverse()) {
        const group = Math.ceil(values.length / 300);
        let d = "";
        let pen = "M";
        for (let from = 0; from < values.length; from += group) {
          const some = values.slice(from, from + group).filter((each) => !Number.isNaN(each)).map((each) => Math.min(limits[1], Math.max(limits[0], each)));
          if (!some.length) {
            pen = "M";
            continue;
          }
          d += `${pen}${x(from + 1 + (Math.min(group, values.length - from) - 1) / 2).toFixed(1)} ${y(mean(some)).toFixed(1)}`;
          pen = "L";
        }
        if (values.length === 1 && d) d += "h0.1";
        parts.push(h("svg:path", { class: `series ${kind}`, d, style: `--light:${look.light};--dark:${look.dark}` }));
      }
      svg.replaceChildren(...parts);
      svg.setAttribute("aria-label", `${title}. ${words}`);
      const names = series.map(({ name }) => name).join("|");
      if (names === drawn) return;
      drawn = names;
      legend.replaceChildren(
        ...series.map(({ name, look, kind }) => {
          const stroke = h("svg:path", { class: `series ${kind}`, d: "M1 6h20", style: `--light:${look.light};--dark:${look.dark}` });
          return h("span", {}, h("svg:svg", { class: "lop-swatch", viewBox: "0 0 22 12", width: 22, height: 12 }, stroke), ` ${name}`);
        }),
      );
    },
  };
}

/** What is happening, in words, from what the page has seen. */
function account(lived, frame, choices) {
  const n = lived.train.length;
  if (n && Number.isNaN(lived.train[n - 1]))
    return "The old network's weights are no longer numbers: it has diverged. The step is too large, and that is another thing than loss of plasticity. Choose a smaller step, or tanh units.";
  const last = (name) => mean(lived[name].slice(-5));
  const [train, test, freshTrain, freshTest] = ["train", "test", "fresh_train", "fresh_test"].map(last);
  if (n < 3) {
    if (frame.moment === "arrive" && !n) return "64 points of two new clouds arrive, discs and triangles. Both networks are new and have yet to tell them apart. Press Play.";
    return "The first tasks. The old network learns them as well as a fresh one does.";
  }
  if (choices.method === "retrained") return `Retrained: the “old” network gets new weights for each task. It has nothing to lose, and nothing to build on: ${percent(train)} of its training points.`;
  if (freshTrain - train > 0.06) {
    const where = lived.landed.slice(-5).filter((each) => each !== null);
    const spots = where.length && mean(where) > 0.3 ? ` ${percent(mean(where))} of the points of a new task land on the spots of the last one, discs and triangles together; what lies on one spot cannot be told apart.` : " The points of a new task come to lie together, and the gradient no longer moves them.";
    return `Collapse (Type-1). The old network learns only ${percent(train)} of its own training points; a fresh one learns ${percent(freshTrain)}.${spots}`;
  }
  if (freshTest - test > 0.04) {
    const grown = n > 5 ? last("between") - mean(lived.between.slice(0, 3)) : 0;
    const stretched = grown > 0.05 ? ` It pulls neighbouring inputs apart, more with each task: exponents between the classes have risen by ${grown.toFixed(2)}.` : "";
    return `Stretch (Type-2). The old network still learns its training points by heart (${percent(train)}), but of new points of the same clouds it gets ${percent(test)} right, a fresh one ${percent(freshTest)}.${stretched}`;
  }
  return `After ${n} tasks the old network keeps up: ${percent(train)} of the training points and ${percent(test)} of new ones; a fresh one has ${percent(freshTrain)} and ${percent(freshTest)}.`;
}

/** What the points that have just come do, said while there is time to look at it. */
function arrival({ task, landed }) {
  if (landed > 0.3) return `Task ${task}: new points arrive. In the old network ${percent(landed)} of them land where the last task's points lie. In the fresh one they are spread out.`;
  return `Task ${task}: new points arrive, and are shown before anything is learned of them.`;
}

function begin({ model, el }) {
  const spec = model.get("spec");
  const fromPage = (choices) => ({ ...spec.presets[0].choices, ...choices });
  const linked = (beside) => fromLink(location.hash, beside, spec.amounts);
  let choices = fromPage(linked(model.get("choices")) ?? model.get("choices"));
  let [frame, lived, playing, stale, reach, life, order] = [null, null, false, false, 1, 0, 0];
  let [spoken, synced] = [-Infinity, -Infinity];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const text = `(${duel})((${engine})(), (said) => postMessage(said), (heard) => (onmessage = ({ data }) => heard(data)));`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(address);
  const ask = (message) => worker.postMessage(message);

  const button = (words, pressed, more = {}) => h("button", { type: "button", onclick: pressed, ...more }, words);
  const play = button("", () => (playing ? rest() : go(Infinity)), { class: "lop-play" });
  const paces = h("select", { "aria-label": "speed", onchange: ({ target }) => ask({ kind: "pace", pace: target.value }) });
  for (const [value, words] of [["slow", "slow: look at each task"], ["steady", "steady"], ["fast", "as fast as it goes"]]) paces.append(h("option", { value, selected: value === "steady" ? "" : null }, words));
  const presets = h("div", { class: "lop-presets", role: "group", "aria-label": "Presets" });
  for (const preset of spec.presets) presets.append(button(preset.name, () => (set(preset.choices), go(100)), { title: preset.about }));
  const bar = h("div", { class: "lop-bar" }, play, button("One task", () => go(1)), button("100 tasks", () => go(100, "fast")), button("Reset", () => set(choices)), paces);
  const panel = h("div", { class: "lop-settings" });
  const link = h("a", { href: "#" }, "link to these settings");
  const settings = h("details", { open: el.clientWidth > 560 ? "" : null }, h("summary", {}, "Settings"), panel, h("p", { class: "lop-link" }, link));
  const words = h("p", { class: "lop-words" });
  const aloud = h("p", { class: "lop-aloud", role: "status" });
  const clouds = { old: cloudPanel(spec, "Old network"), fresh: cloudPanel(spec, "Fresh network") };
  const accuracy = chart("Accuracy on the task just learned", [0.4, 1.02], [[0.5, "50 %"], [0.75, "75 %"], [1, "100 %"]]);
  const exponent = chart("Stretching per layer (median exponent)", [FLOOR, 1.2], [[FLOOR, "≤ −4"], [-2, "−2"], [0, "0"], [1, "1"]]);
  const table = h("table");
  const key = h("p", { class: "lop-legend" });
  spec.classes.forEach(({ light, dark }, k) => {
    const mark = h("svg:path", { class: "mark series", d: markPath(k, 4.2), transform: "translate(8 6)", style: `--light:${light};--dark:${dark}` });
    key.append(h("span", {}, h("svg:svg", { class: "lop-swatch", viewBox: "0 0 16 12", "aria-hidden": "true" }, mark), ["first class", "second class"][k]));
  });
  const axes = h("span");
  key.append(h("span", {}, "small: new points, never trained on"), axes);
  const title = h("p", { class: "lop-title" }, spec.title);
  const panels = h("div", { class: "lop-panels" }, clouds.old.node, clouds.fresh.node);
  const root = h("div", { class: "lop-explorer lop-playground", role: "group", "aria-label": spec.title });
  root.append(title, presets, bar, words, aloud, panels, key, h("div", { class: "lop-charts" }, accuracy.node, exponent.node), h("div", { class: "lop-reading" }, table), settings);

  function show() {
    play.textContent = playing ? "❚❚ Pause" : "▶ Play";
    play.classList.toggle("playing", playing);
  }

  function go(tasks, pace = paces.value) {
    playing = true;
    show();
    ask({ kind: "play", order: ++order, tasks, pace, calm: calm.matches });
  }

  function rest() {
    ask({ kind: "pause" });
  }

  /** New settings: both networks begin again, or after some tasks that are `played` unseen. */
  function set(wanted, played = 0) {
    choices = { ...wanted };
    ask({ kind: "reset", life: ++life, choices, cbp: spec.cbp, played });
    lived = { choices, train: [], test: [], within: [], between: [], silent: [], fresh_train: [], fresh_test: [], fresh_within: [], fresh_between: [], fresh_silent: [], landed: [] };
    panel.replaceChildren(...controls(choices, spec.amounts, change));
    link.href = toLink(choices);
    reach = 1;
    spoken = -Infinity;
    playing = false;
    show();
    if (JSON.stringify(model.get("choices")) !== JSON.stringify(choices)) {
      model.set("choices", choices);
      model.save_changes();
    }
  }

  /** One control has moved; the others stay, and so does what has the keyboard. */
  function change(part) {
    const [place, wasPlaying] = [[...panel.querySelectorAll("input, select")].indexOf(document.activeElement), playing];
    set({ ...choices, ...part });
    panel.querySelectorAll("input, select")[place]?.focus();
    if (wasPlaying) go(Infinity);
  }

  function tell(sentence, now) {
    words.textContent = sentence;
    if (now - spoken < 4000) return;
    spoken = now;
    aloud.textContent = sentence;
  }

  function sync(now) {
    if (now - synced < 2000 && playing) return;
    synced = now;
    const stored = Object.fromEntries(Object.entries(lived).map(([name, values]) => [name, Array.isArray(values) ? values.map((each) => (Number.isFinite(each) ? each : null)) : values]));
    model.set("lived", stored);
    model.save_changes();
  }

  function record({ old, fresh }) {
    for (const [name, value] of Object.entries(old)) lived[name].push(value);
    for (const [name, value] of Object.entries(fresh)) lived[`fresh_${name}`].push(value);
  }

  function draw() {
    stale = false;
    if (!frame || !lived || !root.isConnected) return;
    const wide = choices.width > 2;
    if (wide || choices.units !== "tanh") {
      const far = [...frame.old.points, ...frame.fresh.points].reduce((most, each) => (Number.isFinite(each) ? Math.max(most, Math.abs(each)) : most), 0.05);
      reach = reach === 1 || far > reach ? Math.max(1.08 * far, reach === 1 ? 0.2 : reach) : reach;
    } else reach = 1.16;
    const n = lived.train.length;
    const state = ({ train, places }) => (frame.moment === "arrive" ? `task ${frame.task} arrives${places ? `: 64 points, ${places} ${places === 1 ? "place" : "places"}` : ""}` : `task ${frame.task}: ${percent(train)} learned`);
    clouds.old.draw(frame.old, reach, state(frame.old));
    clouds.fresh.draw(frame.fresh, reach, state(frame.fresh));
    axes.textContent = wide ? "across: from class to class; up: the widest direction beside it" : choices.width === 2 ? "frame: range of the two units" : "across: the one unit";
    const sentence = paces.value === "slow" && frame.moment === "arrive" && n ? arrival(frame) : account(lived, frame, choices);
    tell(sentence, performance.now());
    if (frame.moment === "learn") return;
    const { old, fresh } = spec.networks;
    accuracy.draw(
      [
        { name: "old, training", values: lived.train, look: old, kind: "dashed" },
        { name: "old, new points", values: lived.test, look: old, kind: "" },
        { name: "fresh, training", values: lived.fresh_train, look: fresh, kind: "dashed" },
        { name: "fresh, new points", values: lived.fresh_test, look: fresh, kind: "" },
      ],
      "The table below has the numbers.",
    );
    exponent.draw(
      [
        { name: "old, within a class", values: lived.within, look: old, kind: "" },
        { name: "old, between", values: lived.between, look: old, kind: "dotted" },
        { name: "fresh, within", values: lived.fresh_within, look: fresh, kind: "" },
        { name: "fresh, between", values: lived.fresh_between, look: fresh, kind: "dotted" },
      ],
      "The table below has the numbers.",
    );
    const row = (name, k) => {
      const of = (what, form) => h("td", {}, n ? form(mean(lived[k + what].slice(-5))) : "·");
      return h("tr", {}, h("th", { scope: "row" }, name), of("train", percent), of("test", percent), of("within", exponentWords), of("between", exponentWords), of("silent", percent));
    };
    const head = ["last five tasks", "training", "new points", "exponent within", "between", "silent units"];
    table.replaceChildren(h("thead", {}, h("tr", {}, ...head.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, row("old", ""), row("fresh", "fresh_")));
  }

  const exponentWords = (value) => (Number.isFinite(value) ? value.toFixed(2).replace("-", "−") : Number.isNaN(value) ? "no number" : "−∞");

  worker.onmessage = ({ data }) => {
    if (data.kind === "frame") requestAnimationFrame(() => ask({ kind: "seen" }));
    if (data.life !== life) return; // of a life that has been ended since
    if (data.kind === "rest") {
      if (data.order !== order) return; // it had not heard of what was asked last
      playing = false;
      show();
      return sync(performance.now());
    }
    if (data.kind === "past") lived.landed.push(data.landed);
    else frame = data.kind === "reset" ? data.frame : data;
    if (data.kind === "frame" && data.moment === "arrive") lived.landed.push(data.landed);
    if (data.measured) {
      record(data.measured);
      sync(performance.now());
    }
    if (!stale) requestAnimationFrame(draw);
    stale = true;
  };
  worker.onerror = ({ message }) => (words.textContent = `The worker that trains has stopped: ${message}`);

  const sizes = new ResizeObserver(() => {
    if (frame && frame.moment === "learn") frame = { ...frame, moment: "done" };
    draw();
  });
  const follow = () => {
    const asked = fromPage(model.get("choices"));
    if (JSON.stringify(asked) !== JSON.stringify(choices)) set(asked);
  };
  const visit = () => {
    const asked = linked(choices);
    if (!asked) return;
    set(fromPage(asked));
    root.scrollIntoView();
  };
  if (calm.matches) paces.value = "slow";
  model.on("change:choices", follow);
  addEventListener("hashchange", visit);
  el.append(root);
  sizes.observe(root);
  set(choices, linked(choices) ? 0 : spec.played);
  if (linked(choices)) root.scrollIntoView();
  return () => {
    worker.terminate();
    URL.revokeObjectURL(address);
    sizes.disconnect();
    model.off("change:choices", follow);
    removeEventListener("hashchange", visit);
    root.remove();
  };
}

export default { render: begin };
