import { csrfToken } from "../../lib/htmx.js";

/** What the server said no to: `code`, `message` and `alternatives`, free times nearby. */
export class Refusal extends Error {
  constructor(body) {
    super(body.message ?? "");
    this.code = body.code ?? "error";
    this.alternatives = body.alternatives ?? [];
  }
}

/** Posts fields and returns the answer. Raises Refusal; a TypeError when there is no connection. */
export async function post(url, fields) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null && value !== "") body.set(name, value);
  }
  const response = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": csrfToken() } });
  if (response.headers.get("Content-Type")?.startsWith("application/json")) {
    const answer = await response.json();
    if (response.ok) return answer;
    throw new Refusal(answer);
  }
  throw new Refusal({ code: "server", message: document.body.dataset.errorServer });
}

/** Reads JSON. Raises Refusal for an answer that is not a success. */
export async function read(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) throw new Refusal({ code: "server", message: document.body.dataset.errorServer });
  return response.json();
}

/** Asks whether `version` is still the latest; the new one when it is not. */
export async function newerVersion(url, version) {
  const response = await fetch(url, { cache: "no-store", headers: { "If-None-Match": `"${version}"` } });
  if (response.status === 304) return null;
  if (!response.ok || response.redirected) throw new Refusal({ code: "server", message: document.body.dataset.errorServer });
  return (await response.json()).version;
}
