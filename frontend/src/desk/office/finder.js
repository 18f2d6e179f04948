/** The search for patients: "/" goes there, arrows walk through what was found, Escape empties it. */
export function wireFinder() {
  const form = document.querySelector("[data-finder]");
  if (!form) return;
  const input = form.querySelector("input[type=search]");
  const box = document.getElementById("found");
  const links = () => [...box.querySelectorAll("[data-found]")];
  const empty = () => {
    if (form.contains(box)) box.replaceChildren();
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });

  const walk = (event) => {
    if (event.key === "Escape") {
      empty();
      input.focus();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const found = links();
    if (!found.length) return;
    event.preventDefault();
    const at = found.indexOf(document.activeElement);
    if (at + step < 0) input.focus();
    else found[Math.min(at + step, found.length - 1)].focus();
  };
  input.addEventListener("keydown", walk);
  box.addEventListener("keydown", walk);

  // Enter goes to the only, or the first, patient found instead of a page with the same list.
  form.addEventListener("submit", (event) => {
    const [first] = links();
    if (!first) return;
    event.preventDefault();
    first.click();
  });
  box.addEventListener("click", (event) => {
    if (event.target.closest("[data-pick]")) {
      input.value = "";
      setTimeout(empty);
    }
  });
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target) && !box.contains(event.target)) empty();
  });
}
