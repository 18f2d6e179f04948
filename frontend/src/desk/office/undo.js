import htmx, { csrfToken } from "../../lib/htmx.js";

const SECONDS = 12;

/** Says what was done, with a way back while there is one. */
export function wireUndo() {
  const box = document.getElementById("desk-undo");
  if (!box) return;
  let timer;
  const clear = () => {
    clearTimeout(timer);
    box.replaceChildren();
  };
  document.body.addEventListener("desksaid", ({ detail }) => {
    clear();
    const toast = document.createElement("div");
    toast.className = "toast";
    const words = document.createElement("p");
    words.textContent = detail.message;
    toast.append(words);
    if (detail.undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm";
      button.textContent = box.dataset.undo;
      button.addEventListener("click", () => {
        clear();
        htmx.ajax("POST", detail.undo.url, {
          source: box,
          target: "#office-day",
          swap: "outerHTML",
          values: { version: detail.undo.version, at: new URLSearchParams(location.search).get("clinic") ?? "" },
          headers: { "X-CSRFToken": csrfToken() },
        });
      });
      toast.append(button);
    }
    box.append(toast);
    timer = setTimeout(clear, SECONDS * 1000);
    // What was booked, taken in or called elsewhere on the page changes the list as well.
    if (!detail.fromDay) refreshDay();
  });
}

/** Reads today's list again, unless somebody is in the middle of something in it. */
export function refreshDay() {
  const day = document.getElementById("office-day");
  if (!day || document.hidden || day.querySelector(".menu[open]")) return;
  if (day.contains(document.activeElement) && document.activeElement.closest("form, .menu")) return;
  htmx.ajax("GET", day.dataset.refresh, { source: "#desk-undo", target: "#office-day", swap: "outerHTML" });
}
