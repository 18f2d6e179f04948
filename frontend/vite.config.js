import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;
const modules = resolve(root, "node_modules");

/** One SVG sprite holding only the icons named in icons.json; unknown names stop the build. */
function iconSprite() {
  return {
    name: "polyclinic-icon-sprite",
    buildStart() {
      const listFile = resolve(root, "icons.json");
      this.addWatchFile(listFile);
      const names = [...new Set(JSON.parse(readFileSync(listFile, "utf8")))].sort();
      const symbols = names.map((name) => {
        const source = readFileSync(resolve(modules, "lucide-static/icons", `${name}.svg`), "utf8");
        const inner = source.slice(source.indexOf(">", source.indexOf("<svg")) + 1, source.lastIndexOf("</svg>"));
        const body = inner.replace(/\s*\n\s*/g, "");
        return `<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`;
      });
      this.emitFile({
        type: "asset",
        name: "icons.svg",
        originalFileName: "icons.svg",
        source: `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`,
      });
    },
  };
}

/** Copies our drawings to dist/art under stable names, so that templates and seeds can name them. */
function art() {
  return {
    name: "polyclinic-art",
    buildStart() {
      const folder = resolve(root, "art");
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(svg|png|ico|css)$/.test(entry.name)) continue;
        const full = join(entry.parentPath, entry.name);
        this.emitFile({ type: "asset", fileName: `art/${full.slice(folder.length + 1)}`, source: readFileSync(full) });
      }
    },
  };
}

export default defineConfig({
  root,
  base: "/static/",
  publicDir: false,
  plugins: [iconSprite(), art()],
  resolve: { alias: { "@fonts": resolve(modules, "@fontsource-variable") } },
  css: {
    preprocessorOptions: {
      scss: {
        loadPaths: [resolve(root, "src/scss"), modules],
        quietDeps: true,
        // Bootstrap 5.3 is written with @import and the old colour functions.
        silenceDeprecations: ["import", "global-builtin", "color-functions", "if-function"],
      },
    },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    target: "es2022",
    rolldownOptions: {
      // htmx ships one eval; it is off by configuration and refused by the CSP.
      checks: { eval: false },
      input: ["public", "site", "desk", "desk/calendar", "desk/reports", "console"].map((name) => resolve(root, `src/${name}/main.js`)),
    },
  },
});
