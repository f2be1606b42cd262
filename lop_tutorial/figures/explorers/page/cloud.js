// Points of a two-dimensional representation, by class, moving from frame to frame; spreads and distances are read out.

function cloud(view) {
  const { spec, controls, panels, reading } = view;
  const svg = h("svg:svg", { role: "img", "aria-label": `${spec.title}: the distances are read out below` });
  const plot = h("div", { class: "lop-plot" }, svg);
  panels.append(plot);
  let near = false;
  const box = h("input", { type: "checkbox", onchange: (event) => ((near = event.target.checked), view.draw()) });
  controls.append(h("fieldset", {}, h("label", {}, box, "zoom to the points")));

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let shown = null; // where the points stand on the screen
  let running = 0;

  function ends(points, k) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = k; i < points.length; i += 2) {
      if (!Number.isFinite(points[i])) continue;
      low = Math.min(low, points[i]);
      high = Math.max(high, points[i]);
    }
    if (!(low <= high)) return [-1, 1];
    const room = 0.06 * (high - low) || 0.5;
    return [low - room, high + room];
  }

  function centres(points, classes) {
    const found = spec.classes.map(() => [0, 0, 0]);
    for (let i = 0; i < classes.length; i++) {
      const centre = found[Math.round(classes[i])];
      centre[0] += points[2 * i];
      centre[1] += points[2 * i + 1];
      centre[2] += 1;
    }
    return found.map(([a, b, n]) => [a / n, b / n]);
  }

  function read(points, classes) {
    const middle = centres(points, classes);
    let within = 0;
    for (let i = 0; i < classes.length; i++) {
      const [a, b] = middle[Math.round(classes[i])];
      within += (points[2 * i] - a) ** 2 + (points[2 * i + 1] - b) ** 2;
    }
    let between = 0;
    let pairs = 0;
    for (let a = 0; a < middle.length; a++)
      for (let b = 0; b < a; b++, pairs++) between += Math.hypot(middle[a][0] - middle[b][0], middle[a][1] - middle[b][1]);
    reading.textContent = `Between class centres ${words(between / Math.max(1, pairs))}, within a class ${words(Math.sqrt(within / Math.max(1, classes.length)))} (root mean square).`;
  }

  function paint(points, classes, xEnds, yEnds) {
    const margin = { left: 50, right: 12, top: 8, bottom: 42 };
    const width = Math.min(view.width - margin.left - margin.right, 430);
    const area = { left: margin.left, top: margin.top, width, height: Math.min(width, 360) };
    const whole = { width: width + margin.left + margin.right, height: area.height + margin.top + margin.bottom };
    plot.style.width = `${whole.width}px`;
    plot.style.height = `${whole.height}px`;
    svg.setAttribute("width", whole.width);
    svg.setAttribute("height", whole.height);
    svg.replaceChildren();
    const x = scale(xEnds, [area.left, area.left + width]);
    const y = scale(yEnds, [area.top + area.height, area.top]);
    axes(svg, x, y, area, spec.axes);
    const mark = (k, px, py, size, extra = "") => {
      const { light, dark } = spec.classes[k];
      svg.append(h("svg:path", { class: `mark series${extra}`, d: markPath(k, size), style: `--light:${light};--dark:${dark}`, transform: `translate(${x(px)} ${y(py)})` }));
    };
    for (let i = 0; i < classes.length; i++)
      if (Number.isFinite(points[2 * i]) && Number.isFinite(points[2 * i + 1])) mark(Math.round(classes[i]), points[2 * i], points[2 * i + 1], 3.2);
    centres(points, classes).forEach(([a, b], k) => Number.isFinite(a) && Number.isFinite(b) && mark(k, a, b, 7, " centre"));
  }

  spec.classes.forEach(({ label, light, dark }, k) => {
    const path = h("svg:path", { class: "mark series", d: markPath(k, 4.5), transform: "translate(11 6)", style: `--light:${light};--dark:${dark}` });
    controls.append(h("span", {}, h("svg:svg", { class: "lop-swatch", viewBox: "0 0 22 12", width: 22, height: 12, "aria-hidden": "true" }, path), ` ${label}`));
  });

  return function draw() {
    if (!view.width) return;
    const goal = view.frame("points").values;
    const classes = view.frame("classes").values;
    const wide = near ? goal : view.arrays.points.values;
    const target = [...ends(wide, 0), ...ends(wide, 1)];
    read(goal, classes);
    cancelAnimationFrame(running);
    const from = shown;
    if (!from || from.points.length !== goal.length || calm.matches) {
      shown = { points: goal, ends: target };
      return paint(goal, classes, target.slice(0, 2), target.slice(2));
    }
    const begin = performance.now();
    const step = (now) => {
      const share = Math.min(1, (now - begin) / 260);
      const mixed = (a, b) => a.map((value, i) => value + (b[i] - value) * share);
      shown = { points: share < 1 ? mixed(from.points, goal) : goal, ends: mixed(from.ends, target) };
      paint(shown.points, classes, shown.ends.slice(0, 2), shown.ends.slice(2));
      if (share < 1) running = requestAnimationFrame(step);
    };
    running = requestAnimationFrame(step);
  };
}

export default { render: (context) => explorer(context, cloud) };
