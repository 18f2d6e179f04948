import { Board } from "./board.js";
import { Changes } from "./changes.js";
import { Cursor } from "./cursor.js";
import { Panel } from "./panel.js";
import { drawNumbers } from "./render.js";
import { newerVersion, read, Refusal } from "./server.js";
import { addDays, at, dayOf, minutesOn } from "./time.js";
import { words } from "./words.js";

const POLL_MS = 3000;
const PHONE = window.matchMedia("(max-width: 699.98px)");

/** The calendar of the desk: keeps what is shown, reads it again when anybody changed it. */
export class Host {
  constructor(root, feed) {
    this.root = root;
    this.urls = root.dataset;
    this.mayChange = "mayChange" in root.dataset;
    this.turn = 0;
    this.changes = new Changes(this);
    this.board = new Board(document.getElementById("cal-grid"), {
      mayChange: this.mayChange,
      open: (source) => this.open(source),
      create: (column, start, end) => this.create(column, start, end),
      move: (source, column, start, end) => this.move(source, column, start, end),
      drag: (isDragging) => this.root.classList.toggle("is-dragging", isDragging),
      drawn: () => this.cursor?.place(),
    });
    this.cursor = new Cursor(this.board, this);
    this.panel = new Panel(this);
    this.take(feed);
    this.start();
  }

  get frame() {
    return this.feed;
  }

  start() {
    const colour = localStorage.getItem("calendar-colour");
    if (colour === "service") this.setColour(colour);
    setInterval(() => this.poll(), POLL_MS);
    document.addEventListener("visibilitychange", () => this.poll());
    PHONE.addEventListener("change", () => this.take(this.feed));
    window.addEventListener("resize", () => this.cursor.place());
  }

  /** Shows a feed. On a phone one column is shown: the chosen one, else one's own, else the first that works. */
  take(feed) {
    if (PHONE.matches && feed.view === "day" && !feed.column && feed.columns.length > 0) {
      const wanted = feed.columns.find((column) => column.works) ?? feed.columns[0];
      feed.column = wanted.id;
    }
    this.feed = feed;
    this.board.draw(feed);
    this.cursor.place();
    this.drawBar();
  }

  drawBar() {
    const { feed } = this;
    document.getElementById("cal-title").textContent = feed.title;
    drawNumbers(document.getElementById("cal-numbers"), feed.numbers);
    this.field("date").value = feed.date;
    const columns = this.field("column");
    const options = feed.choices.map((choice) => new Option(choice.title, choice.id));
    if (feed.view === "day" && !PHONE.matches) options.unshift(new Option(words.allColumns, "0"));
    columns.replaceChildren(...options);
    columns.value = String(feed.column || (feed.view === "week" ? (feed.columns[0]?.id ?? "") : 0));
    for (const name of ["view", "by"]) {
      for (const radio of this.root.querySelectorAll(`input[name=${name}]`)) radio.checked = radio.value === feed[name];
    }
    for (const button of this.root.querySelectorAll("[data-by]")) button.hidden = button.dataset.by !== feed.by;
    const query = this.query();
    document.getElementById("cal-print").href = `${this.urls.printUrl}?${query}`;
    document.title = document.title.replace(/^.*? · /, `${feed.title} · `);
    history.replaceState(null, "", `${this.urls.pageUrl}?${query}`);
  }

  field(name) {
    return this.root.querySelector(`.cal-bar [name=${name}]`);
  }

  query(changes = {}) {
    const { date, clinic, view, by, column } = { ...this.feed, ...changes };
    const query = new URLSearchParams({ date, clinic, view, by });
    if (column) query.set("column", column);
    return query;
  }

  /** Shows another part of the calendar. */
  async go(changes) {
    const turn = ++this.turn;
    this.board.root.setAttribute("aria-busy", "true");
    this.changes.hideAlert();
    try {
      const feed = await read(`${this.urls.feedUrl}?${this.query(changes)}`);
      if (turn !== this.turn) return; // somebody has gone on already
      this.cursor.itemId = null;
      this.take(feed);
      this.setOffline(false);
    } catch (error) {
      this.failed(error);
    } finally {
      this.board.root.setAttribute("aria-busy", "false");
    }
  }

  step(by) {
    if (by === 0) return this.go({ date: "" });
    const days = this.feed.view === "week" ? 7 : 1;
    return this.go({ date: addDays(this.feed.date, by * days) });
  }

  /** Reads the same part again. */
  async refresh() {
    const { turn } = this;
    try {
      const feed = await read(`${this.urls.feedUrl}?${this.query()}`);
      if (turn !== this.turn) return; // what was read is not shown any more
      if (this.board.isDragging || this.cursor.moving) {
        this.isStale = true;
        return;
      }
      this.isStale = false;
      this.take(feed);
      this.setOffline(false);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Every few seconds: has any desk changed something here? */
  async poll() {
    if (document.hidden || this.isPolling || this.board.isDragging || this.cursor.moving) return;
    this.isPolling = true;
    try {
      const version = await newerVersion(`${this.urls.versionUrl}?${this.query()}`, this.feed.version);
      this.setOffline(false);
      if (version !== null || this.isStale) {
        await this.refresh();
        this.panel.reload();
      }
    } catch (error) {
      this.failed(error, { isQuiet: true });
    } finally {
      this.isPolling = false;
    }
  }

  failed(error, { isQuiet = false } = {}) {
    if (!(error instanceof TypeError) && !(error instanceof Refusal)) throw error;
    if (error instanceof TypeError) this.setOffline(true);
    else if (!isQuiet) this.changes.refuse(new Refusal({ message: words.failed }));
  }

  setOffline(isOffline) {
    document.getElementById("cal-offline").hidden = !isOffline;
  }

  revert() {
    this.board.revert();
    this.cursor.place();
  }

  setColour(colour) {
    this.board.setColour(colour);
    localStorage.setItem("calendar-colour", colour);
    for (const radio of this.root.querySelectorAll("input[name=colour]")) radio.checked = radio.value === colour;
  }

  showAll() {
    this.board.showAll = true;
    this.take(this.feed);
  }

  // --- visits ---------------------------------------------------------------------------------------------------

  open(source) {
    this.cursor.point(this.idOf(source));
    if (source.kind === undefined) this.panel.load(this.visitUrl(source.id, ""));
    else if (source.kind === "session") this.panel.load(source.url);
    else if (source.kind === "block") this.panel.load(this.blockUrl(`${source.pk}/`));
  }

  create(column, start, end) {
    this.cursor.pointTime(column.id, start);
    if (!this.mayChange || !column.editable) {
      this.cursor.speak(words.notHere);
      return;
    }
    if (column.kind === "doctor") this.panel.book(column, start, end);
    else this.panel.closeRoom(column, start, end);
  }

  mayMove(source) {
    const column = this.feed.columns.find(({ id }) => id === source.column);
    if (!this.mayChange || !column) return false;
    if (source.kind === "block") return column.editable;
    return source.kind === undefined && source.open && column.editable;
  }

  move(source, column, start, end) {
    return this.changes.move(source, column, start, end);
  }

  /** From the panel: move the visit that is open to a free time. */
  moveTo(id, start, version) {
    const source = this.sourceOf(id);
    const length = source ? minutesOn(dayOf(source.start), source.end) - minutesOn(dayOf(source.start), source.start) : 0;
    if (!source) return;
    const doctor = this.feed.by === "doctor" ? this.doctorOf(source.column) : undefined;
    const to = { start, end: at(dayOf(start), minutesOn(dayOf(start), start) + length), doctor };
    this.changes
      .moveVisit({ ...source, version }, to, { start: source.start, end: source.end, doctor })
      .then((isMoved) => {
        if (isMoved) this.panel.load(this.visitUrl(id, ""));
      });
  }

  changeRoom(id, fields, name) {
    return this.changes.changeRoom(id, fields, { name });
  }

  moveMode(id) {
    const source = this.sourceOf(id);
    if (!source) {
      this.changes.refuse(new Refusal({ message: words.visitGone }));
      return;
    }
    this.panel.close();
    this.cursor.point(this.idOf(source));
    this.cursor.startMoving();
  }

  block(fields) {
    return this.changes.block(fields).then((isDone) => isDone && this.panel.close());
  }

  removeBlock(pk) {
    return this.changes.unblock(pk).then((isDone) => isDone && this.panel.close());
  }

  changedByPanel({ message, undo }) {
    const takeBack = {
      booking: () => this.changes.unbook(undo),
      restore: () => this.changes.restore(undo),
      closed: () => this.changes.reopen(undo),
    };
    if (message) this.changes.tell(message, undo ? takeBack[undo.kind] : null);
    this.refresh();
  }

  showVisit(id) {
    this.panel.load(this.visitUrl(id, ""));
  }

  closePanel() {
    this.panel.close();
  }

  panelClosed() {
    this.cursor.place();
    this.cursor.focus();
  }

  panelDrawn() {
    this.cursor.place();
  }

  // --- look-ups -------------------------------------------------------------------------------------------------

  idOf(source) {
    return source.kind === undefined ? `${source.id}/${source.column}` : source.id;
  }

  sourceOf(id) {
    return [...this.board.sources.values()].find((source) => source.id === id && source.kind === undefined);
  }

  blockOf(pk) {
    return this.feed.busy.find((busy) => busy.pk === pk);
  }

  doctorOf(columnId) {
    return this.feed.columns.find(({ id }) => id === columnId)?.doctor ?? undefined;
  }

  /** Whose time a column is, as the server wants it named. */
  ownerOf(columnId) {
    const doctor = this.doctorOf(columnId);
    return doctor ? { doctor } : { room: columnId };
  }

  titleOf(columnId) {
    return this.feed.choices.find(({ id }) => id === columnId)?.title ?? "";
  }

  span(alternative, minutes) {
    const day = dayOf(alternative.start);
    return {
      start: alternative.start,
      end: at(day, minutesOn(day, alternative.start) + minutes),
      doctor: this.feed.by === "doctor" ? alternative.doctor : undefined,
    };
  }

  visitUrl(id, action) {
    return `${this.urls.visitsUrl}${id}/${action ? `${action}/` : ""}`;
  }

  blockUrl(rest) {
    return `${this.urls.blockUrl}${rest}`;
  }
}
