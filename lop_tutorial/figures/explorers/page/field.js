// A scalar field over the plane, points on it, a curve where another field crosses a level; a probe reads values.

/** Segments along which a grid of values (row by row, y upwards) crosses a level: marching squares. */
function crossings(values, rows, columns, level, x, y) {
  let d = "";
  const between = (a, b) => (level - a) / (b - a);
  for (let r = 0; r + 1 < rows; r++)
    for (let c = 0; c + 1 < columns; c++) {
      const [a, b, p, q] = [values[r * columns + c], values[r * columns + c + 1], values[(r + 1) * columns + c], values[(r + 1) * columns + c + 1]];
      const found = [];
      if (a < level !== b < level) found.push([c + between(a, b), r]);
      if (b < level !== q < level) found.push([c + 1, r + between(b, q)]);
      if (p < level !== q < level) found.push([c + between(p, q), r + 1]);
      if (a < level !== p < level) found.push([c, r + between(a, p)]);
      for (let k = 0; k + 1 < found.length; k += 2)
        d += `M${x(found[k][0])} ${y(found[k][1])}L${x(found[k + 1][0])} ${y(found[k + 1][1])}`;
    }
  return d;
}

/** A colour for a share between 0 and 1 of the way through a list of colours. */
function colourAt(stops, share) {
  const place = Math.max(0, Math.min(1, share)) * (stops.length - 1);
  const k = Math.min(Math.floor(place), stops.length - 2);
  return stops[k].map((from, i) => from + (stops[k + 1][i] - from) * (place - k));
}

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

function field(view) {
  const { spec, panels, reading } = view;
  const stops = spec.colours.map(rgb);
  const canvas = h("canvas", { "aria-hidden": "true" });
  const svg = h("svg:svg", { "aria-hidden": "true" });
  const plot = h("div", { class: "lop-plot", tabindex: 0, role: "application", "aria-label": `${spec.title}. Arrow keys move a probe that reads values.` }, canvas, svg);
  panels.append(plot);
  let probe = null;
  let place = null;

  const [x0, x1, y0, y1] = spec.extent;
  const range = spec.limits;
  const shade = (value) => {
    if (Number.isNaN(value)) return [160, 160, 160];
    if (value === -Infinity) return [0, 0, 0];
    return colourAt(stops, (value - range[0]) / (range[1] - range[0] || 1));
  };

  function read() {
    if (!probe) return (reading.textContent = "Hover, touch, or use the arrow keys to read values.");
    const { shape, values } = view.frame("field");
    const at = (k, low, high, n) => words(low + ((k + 0.5) / n) * (high - low));
    const value = words(values[probe.row * shape[1] + probe.column]);
    reading.textContent = `${spec.axes[0]} = ${at(probe.column, x0, x1, shape[1])}, ${spec.axes[1]} = ${at(probe.row, y0, y1, shape[0])}: ${spec.quantity} ${value}`;
  }

  function mark() {
    svg.querySelector(".probe")?.remove();
    if (probe && place) {
      const { shape } = view.frame("field");
      const px = place.x(x0 + ((probe.column + 0.5) / shape[1]) * (x1 - x0));
      const py = place.y(y0 + ((probe.row + 0.5) / shape[0]) * (y1 - y0));
      const { left, top, width, height } = place.box;
      const d = `M${left} ${py}H${left + width}M${px} ${top}V${top + height}`;
      svg.append(h("svg:g", { class: "probe" }, h("svg:path", { class: "boundary under", d }), h("svg:path", { class: "boundary", d, "stroke-dasharray": "3 3" })));
    }
    read();
  }

  plot.addEventListener("pointermove", (event) => {
    if (!place) return;
    const { shape } = view.frame("field");
    const corner = plot.getBoundingClientRect();
    const column = Math.floor(((place.x.back(event.clientX - corner.left) - x0) / (x1 - x0)) * shape[1]);
    const row = Math.floor(((place.y.back(event.clientY - corner.top) - y0) / (y1 - y0)) * shape[0]);
    const inside = column >= 0 && column < shape[1] && row >= 0 && row < shape[0];
    if (inside) probe = { column, row };
    else if (event.pointerType === "mouse") probe = null;
    mark();
  });
  plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && ((probe = null), mark()));
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const { shape } = view.frame("field");
    probe ??= { column: Math.floor(shape[1] / 2), row: Math.floor(shape[0] / 2) };
    const far = event.shiftKey ? 10 : 1;
    probe.column = Math.max(0, Math.min(shape[1] - 1, probe.column + far * step[0]));
    probe.row = Math.max(0, Math.min(shape[0] - 1, probe.row + far * step[1]));
    mark();
  });

  return function draw() {
    if (!view.width) return;
    const { shape, values } = view.frame("field");
    const [rows, columns] = shape;
    const margin = { left: 46, right: 76, top: 6, bottom: 42 };
    const width = Math.min(view.width - margin.left - margin.right, (430 * (x1 - x0)) / (y1 - y0));
    const box = { left: margin.left, top: margin.top, width, height: (width * (y1 - y0)) / (x1 - x0) };
    const whole = { width: width + margin.left + margin.right, height: box.height + margin.top + margin.bottom };
    plot.style.width = `${whole.width}px`;
    plot.style.height = `${whole.height}px`;
    svg.setAttribute("width", whole.width);
    svg.setAttribute("height", whole.height);

    canvas.width = columns;
    canvas.height = rows;
    Object.assign(canvas.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${width}px`, height: `${box.height}px` });
    const pixels = new ImageData(columns, rows);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) pixels.data.set([...shade(values[r * columns + c]), 255], 4 * ((rows - 1 - r) * columns + c));
    canvas.getContext("2d").putImageData(pixels, 0, 0);

    svg.replaceChildren();
    const x = scale([x0, x1], [box.left, box.left + width]);
    const y = scale([y0, y1], [box.top + box.height, box.top]);
    place = { x, y, box };
    axes(svg, x, y, box, spec.axes, { grid: false });
    if (spec.boundary) {
      const d = crossings(
        view.frame(spec.boundary).values, rows, columns, spec.level,
        (c) => x(x0 + ((c + 0.5) / columns) * (x1 - x0)), (r) => y(y0 + ((r + 0.5) / rows) * (y1 - y0)),
      );
      svg.append(h("svg:path", { class: "boundary under", d }), h("svg:path", { class: "boundary", d }));
    }
    if (view.arrays.points) {
      const points = view.frame("points").values;
      const classes = view.arrays.classes ? view.frame("classes").values : [];
      for (let i = 0; i < points.length / 2; i++) {
        const [px, py] = [points[2 * i], points[2 * i + 1]];
        if (px < x0 || px > x1 || py < y0 || py > y1) continue;
        const k = Math.round(classes[i] ?? 0);
        svg.append(h("svg:path", { class: `mark on-field${k % 2 ? " odd" : ""}`, d: markPath(k, 3.4), transform: `translate(${x(px)} ${y(py)})` }));
      }
    }

    const bar = { left: box.left + width + 16, width: 14 };
    const steps = 48;
    for (let k = 0; k < steps; k++) {
      const fill = `rgb(${colourAt(stops, (k + 0.5) / steps).map(Math.round)})`;
      svg.append(h("svg:rect", { x: bar.left, width: bar.width, y: box.top + box.height * (1 - (k + 1) / steps), height: box.height / steps + 0.6, fill }));
    }
    const up = scale(range, [box.top + box.height, box.top]);
    const marks = ticks(range, Math.max(2, box.height / 60));
    for (const v of marks.found) svg.append(h("svg:text", { x: bar.left + bar.width + 5, y: up(v) + 4 }, marks.text(v)));
    svg.append(h("svg:text", { class: "name", "text-anchor": "middle", transform: `translate(${whole.width - 4} ${box.top + box.height / 2}) rotate(-90)` }, spec.quantity));
    mark();
  };
}

export default { render: (context) => explorer(context, field) };
