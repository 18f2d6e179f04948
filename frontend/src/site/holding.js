import { Alpine } from "../lib/start.js";
import { csrfToken } from "../lib/htmx.js";

/**
 * A time that is kept while the form is filled in. Leaving the page gives it back, sending a form does not.
 * The part itself may be swapped; the page has one listener that asks whether a time is kept right now.
 */
Alpine.data("heldTime", () => ({
  over: false,
  get running() {
    return !this.over;
  },
  end() {
    this.over = true;
  },
}));

let sending = false;
document.addEventListener("submit", () => {
  sending = true;
});
window.addEventListener("pageshow", (event) => {
  sending = false;
  // Back from the browser's memory: the time was given back, so the page asks for it anew.
  if (event.persisted && document.getElementById("hold")) window.location.reload();
});
window.addEventListener("pagehide", () => {
  const address = document.querySelector("#hold[data-release]")?.dataset.release;
  if (!address || sending) return;
  const body = new FormData();
  body.set("step", "release");
  body.set("quietly", "1");
  body.set("csrfmiddlewaretoken", csrfToken());
  navigator.sendBeacon(address, body);
});
