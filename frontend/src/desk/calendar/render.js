import { words } from "./words.js";
import { clock } from "./time.js";

/** An element with a class and text. Text only: names of patients never become HTML. */
export function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

const ICONS = {
  approval: "hourglass",
  scheduled: "circle-question-mark",
  confirmed: "check",
  arrived: "user-check",
  in_room: "door-open",
  completed: "check-check",
  no_show: "user-x",
  cancelled: "x",
};
const SVG = "http://www.w3.org/2000/svg";
const SPRITE = document.querySelector("use")?.getAttribute("href").split("#")[0] ?? "";

/** A picture beside the words, which say the same. */
function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  picture.append(use);
  return picture;
}

/** The head of a column. */
export function columnHead(column) {
  const box = element("span", "cal-head");
  if (column.photo) {
    const photo = element("img", "avatar avatar-xs");
    photo.src = column.photo;
    photo.alt = "";
    box.append(photo);
  } else {
    const initials = column.title.split(/[\s.]+/).filter(Boolean).slice(0, 2).map((part) => part[0]).join("");
    const badge = element("span", `avatar avatar-xs${column.kind === "doctor" ? "" : " cal-head-room"}`, initials);
    badge.setAttribute("aria-hidden", "true");
    box.append(badge);
  }
  const names = element("span", "cal-head-names");
  names.append(element("b", "", column.title));
  if (column.note) names.append(element("span", "cal-head-note", column.note));
  box.append(names);
  return box;
}

/** What stands in a visit, by its source: a visit, blocked time, a hold or a group session. */
export function eventBody(source, states, start, end) {
  const body = element("div", "cal-event");
  const first = element("span", "cal-event-first");
  first.append(element("time", "", clock(start)), " ");
  if (source.kind === undefined) {
    first.append(element("b", "", source.patient));
    const flags = [states[source.state]];
    if (source.paid) flags.push(words.paid);
    if (source.overbooked) flags.push(words.overbooked);
    first.append(icon(ICONS[source.state]));
    body.append(
      first,
      element("span", "cal-event-service", source.service),
      element("span", "cal-event-state", flags.join(" · ")),
    );
    if (source.alert) {
      const mark = element("span", "cal-event-alert", "!");
      mark.title = words.alert;
      mark.append(element("span", "visually-hidden", words.alert));
      first.append(mark);
    }
  } else if (source.kind === "hold") {
    const left = element("span", "num");
    left.dataset.until = source.until;
    first.append(element("b", "", words.held), " ", left);
    body.append(first, element("span", "cal-event-service", source.title));
  } else if (source.kind === "session") {
    first.append(element("b", "", source.title));
    body.append(first, element("span", "cal-event-service", source.note));
  } else {
    first.append(element("b", "", source.title || words.blocked));
    body.append(first);
  }
  body.append(element("span", "visually-hidden", ` – ${clock(end)}`));
  return body;
}

/** What a screen reader says about an item. */
export function spoken(source, states) {
  const time = `${clock(source.start)} – ${clock(source.end)}`;
  if (source.kind === undefined) return [time, source.patient, states[source.state], source.service].join(", ");
  if (source.kind === "hold") return [time, words.held, source.title].filter(Boolean).join(", ");
  if (source.kind === "session") return [time, source.title, source.note].join(", ");
  return [time, words.blocked, source.title].filter(Boolean).join(", ");
}

/** The numbers over the calendar. */
export function drawNumbers(box, numbers) {
  box.replaceChildren(
    ...numbers.map(({ key, value, label }) => {
      const pair = element("div", `cal-number is-${key}`);
      pair.append(element("dt", "", label), element("dd", "", String(value)));
      return pair;
    }),
  );
}

/** What is shown when there is no column. */
export function emptyState(title, text, button) {
  const box = element("div", "empty cal-empty");
  if (words.art) {
    const picture = element("img", "");
    picture.src = words.art;
    picture.alt = "";
    picture.width = 240;
    picture.height = 180;
    box.append(picture);
  }
  box.append(element("h2", "h3", title), element("p", "", text));
  if (button) {
    const action = element("button", "btn btn-ghost", button);
    action.type = "button";
    action.dataset.showAll = "";
    box.append(action);
  }
  return box;
}

/** Counts the time that holds have left. */
export function tickHolds(root) {
  for (const left of root.querySelectorAll("[data-until]")) {
    const seconds = Math.max(0, Math.round((Date.parse(left.dataset.until) - Date.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}
