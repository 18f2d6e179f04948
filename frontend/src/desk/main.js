import "./desk.scss";
import { start } from "../lib/start.js";
import { wireFinder } from "./office/finder.js";
import { refreshDay, wireUndo } from "./office/undo.js";

const REFRESH_SECONDS = 20;

start();
wireFinder();
wireUndo();
if (document.getElementById("office-day")) setInterval(refreshDay, REFRESH_SECONDS * 1000);

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
document.querySelector("[data-full-screen]")?.addEventListener("click", () => document.documentElement.requestFullscreen());

// A menu closes by Escape and by a press elsewhere.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(".menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// Whoever follows "Book a visit" wants the panel, also when its tab is not the one that is open.
document.addEventListener("click", (event) => {
  if (event.target.closest('[href$="#office-panel"], [data-pick]')) document.getElementById("tab-book")?.click();
});
