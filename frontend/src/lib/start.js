import Alpine from "./components.js";
import htmx from "./htmx.js";

document.documentElement.classList.add("js");

// A form sent twice is the commonest accident: the second press does nothing while the first is on its way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.hasAttribute("hx-post") || form.hasAttribute("hx-get") || form.method !== "post") return;
  if (form.dataset.busy !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.busy = "";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
});

/** Starts Alpine and htmx after an entry has registered its own Alpine parts. */
export function start() {
  Alpine.start();
}

export { Alpine, htmx };
