import "./calendar.scss";
import { wireBar } from "./bar.js";
import { Host } from "./host.js";

const root = document.getElementById("calendar");
if (root) {
  const feed = JSON.parse(document.getElementById("calendar-feed").textContent);
  wireBar(new Host(root, feed));
  performance.mark("calendar-drawn");
}

document.querySelector("[data-print-now]")?.addEventListener("click", () => window.print());
