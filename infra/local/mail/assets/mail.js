// Keeps the list fresh without losing the message that is being read.
const PAUSE = 2500;

async function refresh() {
  const list = document.getElementById("list");
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("list");
  if (fresh.dataset.newest === list.dataset.newest) return;
  list.replaceWith(fresh);
  localTimes();
  document.querySelector("button").disabled = fresh.dataset.newest === "";
}

function localTimes() {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  for (const time of document.querySelectorAll("time")) time.textContent = format.format(new Date(time.dateTime));
}

async function watch() {
  try {
    await refresh();
  } catch (error) {
    // The catcher was stopped: the page stays as it is until it is back.
    console.info("Mail catcher does not answer", error);
  }
  setTimeout(watch, PAUSE);
}

localTimes();
setTimeout(watch, PAUSE);
