import htmx from "../../lib/htmx.js";
import { at, dayOf, minutesOn } from "./time.js";

/** The sheet beside the calendar: server-made parts, fetched by htmx. */
export class Panel {
  constructor(host) {
    this.host = host;
    this.box = document.getElementById("cal-panel");
    this.box.addEventListener("click", (event) => this.press(event));
    this.box.addEventListener("submit", (event) => this.submit(event));
    this.box.addEventListener("htmx:afterSettle", () => this.settled());
    this.box.addEventListener("htmx:responseError", () => this.close());
    document.body.addEventListener("calendarchanged", ({ detail }) => this.host.changedByPanel(detail));
  }

  get isOpen() {
    return !this.box.hidden;
  }

  load(url) {
    this.url = url;
    this.box.hidden = false;
    document.getElementById("calendar").classList.add("has-panel");
    return htmx.ajax("GET", url, { source: this.box, target: this.box, swap: "innerHTML" });
  }

  /** Reads the open visit again when others may have changed it; a form that is being filled in is left alone. */
  reload() {
    if (this.isOpen && this.box.querySelector("[data-open-visit]") && !this.box.contains(document.activeElement)) {
      this.load(this.url);
    }
  }

  /** Blocked time that is moved becomes another one: the panel that shows it follows. */
  blockMoved(pk, url) {
    if (this.isOpen && this.box.querySelector(`[data-remove-block="${pk}"]`)) this.load(url);
  }

  close() {
    if (!this.isOpen) return;
    this.box.hidden = true;
    this.box.replaceChildren();
    document.getElementById("calendar").classList.remove("has-panel");
    this.host.panelClosed();
  }

  book(column, start, end = "") {
    const query = new URLSearchParams({ doctor: column.doctor, clinic: this.host.frame.clinic, start });
    this.length = end ? minutesOn(dayOf(start), end) - minutesOn(dayOf(start), start) : 0;
    return this.load(`${this.host.urls.bookUrl}?${query}`);
  }

  closeRoom(column, start, end = "") {
    this.wantsBlock = false;
    return this.load(`${this.host.urls.roomsUrl}${column.id}/close/?${new URLSearchParams({ start, end })}`);
  }

  settled() {
    const opened = this.box.querySelector("[data-open-visit]");
    if (opened) this.url = this.host.visitUrl(opened.dataset.openVisit, "");
    const minutes = this.box.querySelector("#cal-block-minutes");
    if (minutes && this.length) {
      if (![...minutes.options].some((option) => Number(option.value) === this.length)) {
        minutes.append(new Option(`${this.length}′`, String(this.length)));
      }
      minutes.value = String(this.length);
    }
    const block = this.box.querySelector(".cal-cancel:has([data-block-form])");
    if (block && this.wantsBlock) {
      block.open = true;
      block.querySelector("select").focus();
    }
    this.wantsBlock = false;
    this.host.panelDrawn();
  }

  press(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { dataset } = button;
    if ("closePanel" in dataset) this.close();
    else if (dataset.moveVisit) this.host.moveTo(dataset.moveVisit, dataset.start, Number(dataset.version));
    else if (dataset.moveMode) this.host.moveMode(dataset.moveMode);
    else if (dataset.removeBlock) this.host.removeBlock(Number(dataset.removeBlock));
    else if (dataset.showVisit) this.load(this.host.visitUrl(dataset.showVisit, ""));
    else if (dataset.pickPerson) this.bookAgain({ patient: dataset.pickPerson, q: "" });
    else if ("unpickPerson" in dataset) this.bookAgain({ patient: "" });
    else if (dataset.bookAt) this.bookAgain({ start: dataset.bookAt });
  }

  /** The booking panel once more, with some fields changed and all others kept. */
  bookAgain(changes) {
    const form = this.box.querySelector("#cal-book");
    const fields = new FormData(form);
    // Nothing is sent from the form that is about to be replaced.
    for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true;
    const query = new URLSearchParams();
    for (const [name, value] of fields) query.set(name, value);
    for (const [name, value] of Object.entries(changes)) query.set(name, value);
    query.delete("csrfmiddlewaretoken");
    query.delete("q");
    this.load(`${this.host.urls.bookUrl}?${query}`);
  }

  submit(event) {
    const form = event.target;
    if (form.dataset.roomForm) {
      event.preventDefault();
      this.changeRoom(form);
      return;
    }
    if (!("blockForm" in form.dataset)) return;
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    const day = dayOf(fields.start);
    this.host.block({
      start: fields.start,
      end: at(day, minutesOn(day, fields.start) + Number(fields.minutes)),
      doctor: fields.doctor,
      reason: fields.reason,
    });
  }

  changeRoom(form) {
    const fields = Object.fromEntries(new FormData(form));
    if (fields.room === fields.leaves) return;
    const name = form.elements.room.selectedOptions[0].textContent;
    document.activeElement?.blur(); // what the panel shows is read again
    this.host.changeRoom(form.dataset.roomForm, fields, name);
  }
}
