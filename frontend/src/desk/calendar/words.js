/** The texts of the page, translated by the server. Empty on the printed page, which has no script to speak of. */
export const words = document.getElementById("cal-words")?.dataset ?? {};

/** A text with its `{name}` places filled in. */
export function say(text, values) {
  return text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
}
