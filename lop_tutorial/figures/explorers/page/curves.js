// Curves with interval bands in one or more panels; methods are switched on and off, a cursor reads the numbers.

const LINES = { "-": null, "--": "6 4", "-.": "8 3 2 3", ":": "2 3" };

function curves(view) {
  const { spec, controls, panels, reading } = view;
  const names = [...new Set(spec.panels.flatMap((panel) => panel.series.map((each) => each.label)))];
  const on = new Map(names.map((name) => [name, true]));
  const last = spec.x.length - 1;
  let cursor = last;

  const swatch = (name) => {
    const { light, dark, line } = spec.panels.flatMap((panel) => panel.series).find((each) => each.label === name);
    const path = h("svg:path", { class: "series", d: "M1 6H21", style: `--light:${light};--dark:${dark}`, "stroke-dasharray": LINES[line] });
    return h("svg:svg", { class: "lop-swatch", viewBox: "0 0 22 12", "aria-hidden": "true" }, path);
  };
  if (names.length > 1) {
    const choices = names.map((name) => {
      const box = h("input", { type: "checkbox", checked: "", onchange: (event) => (on.set(name, event.target.checked), view.draw()) });
      return h("label", {}, box, swatch(name), name);
    });
    controls.append(h("fieldset", { "aria-label": "Curves shown" }, ...choices));
  }
  const reader = slider(spec.names[0], {
    max: last, value: cursor, text: (k) => words(spec.x[k]).replace(/\.0+$/, ""),
    input: (k) => ((cursor = k), view.draw()),
  });

  const plots = spec.panels.map((panel) => {
    const svg = h("svg:svg", { role: "img", "aria-label": `${panel.title}: the numbers at the cursor are in the table below` });
    const plot = h("div", { class: "lop-plot" }, svg);
    plot.addEventListener("pointermove", (event) => {
      if (!plot.x) return;
      const at = plot.x.back(event.clientX - plot.getBoundingClientRect().left);
      const near = spec.x.reduce((best, value, k) => (Math.abs(value - at) < Math.abs(spec.x[best] - at) ? k : best), 0);
      if (near !== cursor) reader.put((cursor = near)), view.draw();
    });
    panels.append(plot);
    return { panel, plot, svg };
  });
  panels.after(reader.node);

  function path(xs, ys) {
    let d = "";
    let pen = "M";
    ys.forEach((value, k) => {
      if (!Number.isFinite(value)) return (pen = "M");
      d += `${pen}${xs[k].toFixed(1)} ${value.toFixed(1)}`;
      pen = "L";
    });
    return d;
  }

  /** A band for each unbroken stretch of finite ends. */
  function band(xs, low, high) {
    let d = "";
    let from = 0;
    for (let k = 0; k <= xs.length; k++) {
      if (k < xs.length && Number.isFinite(low[k]) && Number.isFinite(high[k])) continue;
      if (k - from > 1) {
        const there = Array.from({ length: k - from }, (_, i) => from + i);
        d += `M${there.map((i) => `${xs[i].toFixed(1)} ${high[i].toFixed(1)}`).join("L")}`;
        d += `L${there.reverse().map((i) => `${xs[i].toFixed(1)} ${low[i].toFixed(1)}`).join("L")}Z`;
      }
      from = k + 1;
    }
    return d;
  }

  function drawPanel({ panel, plot, svg }, number, across, beside) {
    const margin = { left: 52, right: 14, top: 24, bottom: 40 };
    const width = across - margin.left - margin.right;
    const box = { left: margin.left, top: margin.top, width, height: Math.min(220, Math.max(150, width * 0.62)) };
    const height = box.height + margin.top + margin.bottom;
    plot.style.width = `${across}px`;
    plot.style.height = `${height}px`;
    svg.setAttribute("width", across);
    svg.setAttribute("height", height);
    svg.replaceChildren(h("svg:text", { class: "name", x: box.left, y: 14 }, panel.title));
    const x = scale([spec.x[0], spec.x[last]], [box.left, box.left + width]);
    const y = scale(panel.limits, [box.top + box.height, box.top]);
    plot.x = x;
    axes(svg, x, y, box, beside && number ? [spec.names[0], ""] : spec.names);
    if (spec.reference) {
      const at = y(spec.reference.value);
      svg.append(h("svg:path", { class: "cursor", d: `M${box.left} ${at}h${width}`, "stroke-dasharray": "2 3" }));
      const below = at + 18 < box.top + box.height;
      svg.append(h("svg:text", { x: box.left + 4, y: at + (below ? 13 : -5) }, spec.reference.label));
    }
    const xs = spec.x.map((value) => x(value));
    const many = panel.series.filter((series) => on.get(series.label)).length > 3;
    const inside = (at) => (Number.isFinite(at) ? Math.min(box.top + box.height, Math.max(box.top, at)) : at);
    panel.series.forEach((series, k) => {
      if (!on.get(series.label)) return;
      const at = (what) => Array.from(view.frame(`${number}.${k}.${what}`).values, (value) => y(value));
      const style = `--light:${series.light};--dark:${series.dark}`;
      svg.append(h("svg:path", { class: many ? "series band faint" : "series band", d: band(xs, at("low").map(inside), at("high").map(inside)), style }));
      svg.append(h("svg:path", { class: "series", d: path(xs, at("mean")), style, "stroke-dasharray": LINES[series.line] }));
    });
    svg.append(h("svg:path", { class: "cursor", d: `M${xs[cursor]} ${box.top}v${box.height}`, opacity: 0.6 }));
  }

  function table() {
    const head = h("tr", {}, h("th", { scope: "col" }, `${spec.names[0]} ${words(spec.x[cursor]).replace(/\.0+$/, "")}`));
    spec.panels.forEach((panel) => head.append(h("th", { scope: "col" }, panel.title)));
    const rows = names.filter((name) => on.get(name)).map((name) => {
      const row = h("tr", {}, h("th", { scope: "row" }, name));
      spec.panels.forEach((panel, number) => {
        const k = panel.series.findIndex((series) => series.label === name);
        const at = (what) => words(view.frame(`${number}.${k}.${what}`).values[cursor]);
        row.append(h("td", {}, k < 0 ? "" : `${at("mean")} (${at("low")} to ${at("high")})`));
      });
      return row;
    });
    reading.replaceChildren(h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)));
  }

  return function draw() {
    if (!view.width) return;
    const beside = spec.panels.length > 1 && view.width >= 520;
    const across = beside ? Math.floor((view.width - 16) / 2) : Math.min(view.width, 560);
    plots.forEach((plot, number) => drawPanel(plot, number, across, beside));
    table();
  };
}

export default { render: (context) => explorer(context, curves) };
