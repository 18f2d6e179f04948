import { BarController, BarElement, CategoryScale, Chart, Filler, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip } from "chart.js";

Chart.register(BarController, BarElement, CategoryScale, Filler, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip);

const data = JSON.parse(document.getElementById("report-charts").textContent);
const drawn = [];

/** The design system's colours as they are now, light or dark. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

function options(kind, colour) {
  const axis = (stacked) => ({
    stacked,
    grid: { color: colour("line"), drawTicks: false },
    border: { display: false },
    ticks: { color: colour("ink-2"), maxRotation: 0, autoSkipPadding: 16, precision: 0 },
    beginAtZero: true,
  });
  const stacked = kind === "stacked";
  return {
    maintainAspectRatio: false,
    animation: false,
    indexAxis: kind === "across" ? "y" : "x",
    interaction: { mode: "index", intersect: false },
    scales: { x: axis(stacked), y: axis(stacked) },
    plugins: {
      legend: { display: stacked, position: "bottom", labels: { color: colour("ink"), usePointStyle: true, boxHeight: 8 } },
      tooltip: { backgroundColor: colour("ink"), titleColor: colour("canvas"), bodyColor: colour("canvas"), padding: 12, cornerRadius: 8 },
    },
  };
}

function draw() {
  const colour = colours();
  Chart.defaults.font.family = colour("text");
  Chart.defaults.font.size = 13;
  Chart.defaults.locale = document.documentElement.lang;
  for (const chart of drawn.splice(0)) chart.destroy();
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    const { labels, series } = data[canvas.dataset.chart];
    const { kind } = canvas.dataset;
    const line = kind === "line";
    drawn.push(
      new Chart(canvas, {
        type: line ? "line" : "bar",
        data: {
          labels,
          datasets: series.map(({ label, values, colour: name }) => ({
            label,
            data: values,
            backgroundColor: line ? colour("brand-tint") : colour(name),
            borderColor: colour(name),
            borderWidth: line ? 2 : 0,
            borderRadius: line ? 0 : 4,
            fill: line,
            tension: 0.25,
            pointRadius: labels.length > 40 ? 0 : 2,
            maxBarThickness: 44,
          })),
        },
        options: options(kind, colour),
      }),
    );
  }
}

document.fonts.ready.then(draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
