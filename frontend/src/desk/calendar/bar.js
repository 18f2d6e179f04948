const SWIPE_PX = 60;

/** Wires the bar over the calendar and the keys that work everywhere on the page. */
export function wireBar(host) {
  const { root } = host;
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.go !== undefined) host.step(Number(button.dataset.go));
    else if ("help" in button.dataset) help();
    else if ("book" in button.dataset) bookHere(host);
    else if ("showAll" in button.dataset) host.showAll();
  });
  root.addEventListener("change", ({ target }) => {
    if (target.name === "colour") host.setColour(target.value);
    else if (target.name === "date") {
      if (target.value) host.go({ date: target.value });
    } else if (target.name === "clinic") host.go({ clinic: target.value, column: 0 });
    else if (target.name === "by") host.go({ by: target.value, column: 0 });
    else if (target.name === "view") host.go({ view: target.value, column: target.value === "day" ? 0 : columnHere(host) });
    else if (target.name === "column") host.go({ column: Number(target.value) });
  });
  document.addEventListener("keydown", (event) => key(host, event));
  wireSwipe(host);
}

function columnHere(host) {
  return host.cursor.columnAt(host.cursor.column)?.id ?? 0;
}

function help() {
  document.getElementById("cal-help").showModal();
}

function bookHere(host, { wantsBlock = false } = {}) {
  if (host.board.columns.length === 0) return;
  host.panel.wantsBlock = wantsBlock;
  const { column, start } = host.cursor.here();
  host.create(column, start);
}

// By place on the keyboard, so that they work in the Russian layout as well.
const KEYS = {
  KeyT: (host) => host.step(0),
  KeyP: (host) => host.step(-1),
  KeyN: (host) => host.step(1),
  KeyD: (host) => host.go({ view: "day", column: 0 }),
  KeyW: (host) => host.go({ view: "week", column: columnHere(host) }),
  KeyM: (host) => host.cursor.startMoving(),
  KeyB: (host) => host.feed.by === "doctor" && bookHere(host),
  KeyX: (host) => bookHere(host, { wantsBlock: true }),
  KeyU: (host) => host.changes.takeBack(),
};

function key(host, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (!document.getElementById("cal-alert").hidden) host.changes.hideAlert();
    else host.panel.close();
    return;
  }
  if (event.target.closest("input:not([type=radio]), select, textarea, [contenteditable]")) return;
  if (event.key === "?" || (event.shiftKey && event.code === "Digit7")) {
    help();
    event.preventDefault();
    return;
  }
  if (event.shiftKey || host.cursor.moving) return;
  const run = KEYS[event.code];
  if (run) {
    run(host);
    event.preventDefault();
  } else if (event.key.startsWith("Arrow") && event.target === document.body) {
    host.cursor.focus();
    event.preventDefault();
  }
}

/** On a phone a swipe goes to the next doctor, or in a week to the next week. */
function wireSwipe(host) {
  let start = null;
  const { root } = host.board;
  root.addEventListener("touchstart", ({ touches }) => {
    start = touches.length === 1 ? { x: touches[0].clientX, y: touches[0].clientY } : null;
  }, { passive: true });
  root.addEventListener("touchend", ({ changedTouches }) => {
    if (!start || host.board.isDragging || host.feed.view !== "day" || !host.feed.column) return;
    const x = changedTouches[0].clientX - start.x;
    const y = changedTouches[0].clientY - start.y;
    if (Math.abs(x) < SWIPE_PX || Math.abs(x) < 2 * Math.abs(y)) return;
    const ids = host.feed.choices.map((choice) => choice.id);
    const next = ids[ids.indexOf(host.feed.column) + (x < 0 ? 1 : -1)];
    if (next !== undefined) host.go({ column: next });
  }, { passive: true });
}
