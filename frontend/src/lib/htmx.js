import htmx from "htmx.org";

// Strict CSP: no eval, no injected style element, requests to our own host only.
Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  globalViewTransitions: false,
  scrollBehavior: "auto",
  timeout: 20000,
  // 422 and 409 carry the form or the alternatives to show; other failures go to the toast.
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "(409|410|422)", swap: true, error: false },
    { code: "[45]..", swap: false, error: true },
  ],
});

/** The CSRF token: from the page's meta tag, else any form on it, else the cookie. */
export function csrfToken() {
  const meta = document.querySelector('meta[name="csrf-token"]')?.content;
  if (meta) return meta;
  const input = document.querySelector('input[name="csrfmiddlewaretoken"]')?.value;
  if (input) return input;
  return document.cookie.match(/(?:^|;\s*)(?:__Host-)?csrftoken=([^;]+)/)?.[1] ?? "";
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") detail.headers["X-CSRFToken"] = csrfToken();
});

/** A failed request never ends in silence: the body tag carries the words. */
for (const [name, key] of [
  ["htmx:responseError", "errorServer"],
  ["htmx:sendError", "errorNetwork"],
  ["htmx:timeout", "errorNetwork"],
]) {
  document.addEventListener(name, () => {
    const message = document.body.dataset[key];
    if (message) window.dispatchEvent(new CustomEvent("toast", { detail: { message } }));
  });
}

// An address with an anchor is for those without scripts: what is swapped where one looks need not be scrolled to.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { pathInfo, target } = detail;
  if (pathInfo?.anchor && pathInfo.anchor === target?.id) pathInfo.anchor = undefined;
});

// After a swap, move the focus to what asks for it (an error summary, the next step's heading).
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  detail.target?.querySelector?.("[data-autofocus]")?.focus();
});

export default htmx;
