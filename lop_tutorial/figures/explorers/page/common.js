// What all explorers share. Put in front of each kind's own text, so that every module is one text without imports.

/** An element with attributes and children; tags that begin with "svg:" are SVG's, "on..." are listeners. */
function h(tag, attributes = {}, ...children) {
  const node = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

let counted = 0;
const newId = () => `lop-${Date.now().toString(36)}-${counted++}`;

/** Numbers again, as packing.py rounded them: {name: {shape, values, low, high}}. */
function unpack(index, packed) {
  const view = packed.buffer ? new DataView(packed.buffer, packed.byteOffset, packed.byteLength) : new DataView(packed);
  const arrays = {};
  for (const [name, { shape, offset, bits, low, high }] of Object.entries(index)) {
    const top = 2 ** bits - 4;
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < values.length; i++) {
      const code = bits === 8 ? view.getUint8(offset + i) : view.getUint16(offset + 2 * i, true);
      values[i] = code <= top ? low + ((high - low) * code) / top : [-Infinity, Infinity, NaN][code - top - 1];
    }
    arrays[name] = { shape, values, low, high };
  }
  return arrays;
}

/** Three significant digits, a true minus sign, and words for what is no number. */
function words(value) {
  if (Number.isNaN(value)) return "none";
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "−∞";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 || size === 0 ? 2 : Math.min(4, 2 - Math.floor(Math.log10(size)));
  const text = value.toFixed(digits);
  return Number(text) === 0 ? "0.00" : text.replace("-", "−");
}

/** A linear scale and its inverse. */
function scale([from, to], [start, end]) {
  const forth = (x) => start + ((x - from) / (to - from || 1)) * (end - start);
  forth.back = (p) => from + ((p - start) / (end - start || 1)) * (to - from);
  forth.ends = [from, to];
  return forth;
}

/** Round numbers between two ends, about `count` of them. */
function ticks([low, high], count) {
  const raw = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * power >= raw * 0.99) * power;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
  return { found, text: (v) => v.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9))).replace("-", "−") };
}

/** Grid, frame, numbers and names of two axes. */
function axes(svg, x, y, box, names, { grid = true } = {}) {
  const along = ticks(x.ends, Math.max(2, Math.min(6, Math.round(box.width / 40))));
  const up = ticks(y.ends, Math.max(2, Math.round(box.height / 36)));
  const bottom = box.top + box.height;
  for (const v of along.found) {
    if (grid) svg.append(h("svg:path", { class: "grid", d: `M${x(v)} ${box.top}V${bottom}` }));
    svg.append(h("svg:text", { x: x(v), y: bottom + 16, "text-anchor": "middle" }, along.text(v)));
  }
  for (const v of up.found) {
    if (grid) svg.append(h("svg:path", { class: "grid", d: `M${box.left} ${y(v)}h${box.width}` }));
    svg.append(h("svg:text", { x: box.left - 7, y: y(v) + 4, "text-anchor": "end" }, up.text(v)));
  }
  const middle = box.top + box.height / 2;
  svg.append(
    h("svg:rect", { class: "frame", x: box.left, y: box.top, width: box.width, height: box.height }),
    h("svg:text", { class: "name", x: box.left + box.width / 2, y: bottom + 33, "text-anchor": "middle" }, names[0]),
    h("svg:text", { class: "name", "text-anchor": "middle", transform: `translate(12 ${middle}) rotate(-90)` }, names[1]),
  );
}

/** The outline of a mark for class k about the origin: disc, triangle, square, diamond; then again. */
function markPath(k, r) {
  const a = r * 1.15;
  return [
    `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`,
    `M0 ${-a * 1.1}L${a} ${a * 0.8}H${-a}Z`,
    `M${-r * 0.9} ${-r * 0.9}h${r * 1.8}v${r * 1.8}h${-r * 1.8}Z`,
    `M0 ${-a * 1.15}L${a * 1.15} 0L0 ${a * 1.15}L${-a * 1.15} 0Z`,
  ][k % 4];
}

/** A labelled slider. `text` says the value at a position; arrow keys, Home and End come with the element. */
function slider(name, { max, step = 1, value, text, input }) {
  const id = newId();
  const shown = h("output", { for: id, "aria-hidden": "true" });
  const range = h("input", { id, type: "range", min: 0, max, step, value });
  const put = (v) => {
    range.value = v;
    shown.textContent = text(Number(v));
    range.setAttribute("aria-valuetext", `${name} ${text(Number(v))}`);
  };
  range.addEventListener("input", () => {
    put(range.value);
    input(Number(range.value));
  });
  put(value);
  return { node: h("div", { class: "lop-slider" }, h("label", { for: id }, name), range, shown), put, range };
}

/** A button that walks through the stops of a slider, and back to the start from its end. */
function player(max, where, go) {
  let timer = null;
  const button = h("button", { type: "button" });
  const show = () => {
    button.textContent = timer ? "❚❚" : "▶";
    button.setAttribute("aria-label", timer ? "Pause" : "Play");
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    show();
  };
  const walk = () => (where() < max ? go(where() + 1) : stop());
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (where() >= max) go(0);
    timer = setInterval(walk, Math.max(120, Math.min(600, 6000 / max)));
    show();
  });
  show();
  return { button, stop };
}

/**
 * An explorer: sliders above, panels, a line that reads out numbers below. `kind(view)` adds what is its own and returns
 * a function that draws; it is called again whenever a slider, the width or the data has changed. Returns a cleaner.
 */
function explorer({ model, el }, kind) {
  let clean = () => {};
  function build() {
    clean();
    const spec = model.get("spec");
    const arrays = unpack(spec.arrays, model.get("values"));
    const lengths = spec.sliders.map((each) => each.values.length);
    const at = lengths.map((length, k) => Math.min(model.get("at")[k] ?? 0, length - 1));
    const controls = h("div", { class: "lop-controls" });
    const panels = h("div", { class: "lop-panels" });
    const reading = h("div", { class: "lop-reading", role: "status" });
    const title = h("p", { class: "lop-title" }, spec.title);
    const root = h("div", { class: "lop-explorer", role: "group", "aria-label": spec.title }, title, controls, panels, reading);
    const view = { spec, arrays, at, controls, panels, reading, width: 0, draw: () => {} };

    /** An array's numbers at the sliders' places; one that does not move is the same everywhere. */
    view.frame = (name) => {
      const { shape, values } = arrays[name];
      const moving = !spec.still?.includes(name);
      const own = moving ? shape.slice(lengths.length) : shape;
      const size = own.reduce((a, b) => a * b, 1);
      const frame = moving ? lengths.reduce((sum, length, k) => sum * length + at[k], 0) : 0;
      return { shape: own, values: values.subarray(frame * size, (frame + 1) * size) };
    };

    const stops = [];
    const put = [];
    spec.sliders.forEach(({ name, values }, k) => {
      if (values.length < 2) return;
      const move = (place) => {
        at[k] = place;
        made.put(place);
        model.set("at", [...at]);
        model.save_changes();
        view.draw();
      };
      const made = slider(name, { max: values.length - 1, value: at[k], text: (v) => values[v], input: (v) => (halt(), move(v)) });
      put[k] = made.put;
      let halt = () => {};
      if (values.length > 2) {
        const play = player(values.length - 1, () => at[k], move);
        halt = play.stop;
        stops.push(play.stop);
        made.node.append(play.button);
      }
      controls.append(made.node);
    });

    view.draw = kind(view, model);
    el.append(root);
    const sizes = new ResizeObserver(() => {
      if (panels.clientWidth === view.width || panels.clientWidth === 0) return;
      view.width = panels.clientWidth;
      view.draw();
    });
    sizes.observe(root);
    // Whoever moves the explorer from the kernel: explorer.at = [3].
    const follow = () => {
      const asked = model.get("at");
      if (asked.every((place, k) => place === at[k])) return;
      lengths.forEach((length, k) => (at[k] = Math.max(0, Math.min(asked[k] ?? 0, length - 1))));
      at.forEach((place, k) => put[k]?.(place));
      view.draw();
    };
    model.on("change:at", follow);
    clean = () => {
      model.off("change:at", follow);
      stops.forEach((stop) => stop());
      sizes.disconnect();
      root.remove();
    };
  }
  build();
  // New frames may change one of the two or both; build once for both.
  let waiting = false;
  const anew = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      build();
    });
  };
  const changes = ["change:spec", "change:values"];
  changes.forEach((change) => model.on(change, anew));
  return () => {
    changes.forEach((change) => model.off(change, anew));
    clean();
  };
}

