// Starts a page's explorers: each is an anywidget whose module and state the notebook has stored. What Jupyter would
// give the module, a model with get, set and on, is made here; nothing is asked of a kernel or of another machine.
(() => {
  const stored = {};
  for (const script of document.querySelectorAll('script[type="application/vnd.jupyter.widget-state+json"]'))
    Object.assign(stored, JSON.parse(script.textContent).state);

  function bytes(base64) {
    const text = atob(base64);
    return new DataView(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
  }

  function modelOf({ state, buffers = [] }) {
    const values = { ...state };
    for (const { path, data } of buffers) values[path[0]] = bytes(data);
    const listeners = {};
    return {
      get: (name) => values[name],
      set(name, value) {
        values[name] = value;
        (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
      },
      on: (event, listener) => (listeners[event] ??= []).push(listener),
      off: (event, listener) => (listeners[event] = (listeners[event] ?? []).filter((each) => each !== listener)),
      save_changes() {},
    };
  }

  function style(css) {
    if (!css || [...document.head.querySelectorAll("style")].some((each) => each.textContent === css)) return;
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  }

  async function start(slot) {
    const { model_id } = JSON.parse(slot.querySelector('script[type="application/vnd.jupyter.widget-view+json"]').textContent);
    const widget = stored[model_id];
    if (!widget?.state._esm) return;
    const address = URL.createObjectURL(new Blob([widget.state._esm], { type: "text/javascript" }));
    const { default: module } = await import(address);
    URL.revokeObjectURL(address);
    style(widget.state._css);
    const el = document.createElement("div");
    el.className = "lop-alive";
    slot.append(el);
    slot.classList.add("alive"); // the picture steps aside
    module.render({ model: modelOf(widget), el });
  }

  document.querySelectorAll(".lop-explorer-slot").forEach((slot) => start(slot));
})();
