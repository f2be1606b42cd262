// Generalized Mixup's labels as functions of m, for a bump M under the reader's thumb; computed here, from the formula.

/** Labels of the mixture m x_i + (1 - m) x_j: of two classes, and of one class (its own label, every other's). */
const LABELS = {
  "class of the first": (m) => m,
  "class of the second": (m) => 1 - m,
  "own class": (m, bump) => 1 + bump / 2 - bump * Math.abs(0.5 - m),
  "every other class": (m, bump) => -bump / 2 + bump * Math.abs(0.5 - m),
};

function labels(view, model) {
  const { spec, controls, panels, reading } = view;
  let [bump, mixing] = model.get("at");
  const move = () => {
    model.set("at", [bump, mixing]);
    model.save_changes();
    view.draw();
  };
  const fixed = (v) => v.toFixed(2);
  const high = slider("bump M", { max: 2, step: 0.05, value: bump, text: fixed, input: (v) => ((bump = v), move()) });
  const along = slider("mixing m", { max: 1, step: 0.01, value: mixing, text: fixed, input: (v) => ((mixing = v), move()) });
  controls.append(high.node, along.node);

  const plots = spec.panels.map((panel) => {
    const svg = h("svg:svg", { role: "img", "aria-label": `${panel.title}: the labels at m are read out below` });
    const plot = h("div", { class: "lop-plot" }, svg);
    plot.addEventListener("pointermove", (event) => {
      if (!plot.x || event.pointerType !== "mouse") return;
      mixing = Math.round(100 * Math.max(0, Math.min(1, plot.x.back(event.clientX - plot.getBoundingClientRect().left)))) / 100;
      along.put(mixing);
      move();
    });
    panels.append(plot);
    return { panel, plot, svg };
  });

  function drawPanel({ panel, plot, svg }, across) {
    const margin = { left: 50, right: 14, top: 40, bottom: 40 };
    const width = across - margin.left - margin.right;
    const box = { left: margin.left, top: margin.top, width, height: 170 };
    plot.style.width = `${across}px`;
    plot.style.height = `${box.height + margin.top + margin.bottom}px`;
    svg.setAttribute("width", across);
    svg.setAttribute("height", box.height + margin.top + margin.bottom);
    svg.replaceChildren(h("svg:text", { class: "name", x: 4, y: 13 }, panel.title));
    const x = scale([0, 1], [box.left, box.left + width]);
    const y = scale([-1.1, 2.1], [box.top + box.height, box.top]);
    plot.x = x;
    axes(svg, x, y, box, ["m", "label"]);
    let legend = box.left;
    panel.series.forEach(({ label, light, dark, line }) => {
      const style = `--light:${light};--dark:${dark}`;
      const dash = line === "--" ? "6 4" : null;
      const d = Array.from({ length: 101 }, (_, k) => `${x(k / 100)} ${y(LABELS[label](k / 100, bump))}`).join("L");
      svg.append(h("svg:path", { class: "series", d: `M${d}`, style, "stroke-dasharray": dash }));
      svg.append(h("svg:path", { class: "mark series", d: markPath(0, 4), style, transform: `translate(${x(mixing)} ${y(LABELS[label](mixing, bump))})` }));
      svg.append(h("svg:path", { class: "series", d: `M${legend} 28h18`, style, "stroke-dasharray": dash }), h("svg:text", { x: legend + 22, y: 32 }, label));
      legend += 32 + 6.3 * label.length;
    });
    svg.append(h("svg:path", { class: "cursor", d: `M${x(mixing)} ${box.top}v${box.height}`, opacity: 0.5 }));
  }

  return function draw() {
    if (!view.width) return;
    const beside = view.width >= 560;
    const across = beside ? Math.floor((view.width - 16) / 2) : view.width;
    plots.forEach((plot) => drawPanel(plot, across));
    const said = spec.panels.map(({ title, series }) => `${title.toLowerCase()}: ${series.map(({ label }) => `${label} ${words(LABELS[label](mixing, bump))}`).join(", ")}`);
    reading.textContent = `At m = ${words(mixing)}, ${said.join("; ")}.`;
  };
}

export default { render: (context) => explorer(context, labels) };
