import { Board } from "./board.js";
import { spoken } from "./render.js";
import { at, clock, dayOf, minutesOn } from "./time.js";
import { say, words } from "./words.js";

const STEP = 15;
const FINE = 5;

/** The keyboard's place in the grid: one focusable button that stands on a visit or on free time. */
export class Cursor {
  constructor(board, host) {
    this.board = board;
    this.host = host;
    this.column = 0;
    this.minutes = null;
    this.itemId = null;
    this.moving = null;
    this.live = document.getElementById("cal-live");
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "cal-cursor";
    this.button.addEventListener("keydown", (event) => this.key(event));
    this.button.addEventListener("click", () => this.enter());
    this.button.addEventListener("focus", () => this.draw());
  }

  get isWeek() {
    return this.board.feed.view === "week";
  }

  count() {
    return this.isWeek ? this.board.feed.days.length : this.board.columns.length;
  }

  /** The drawn column under the cursor; in a week all days belong to one. */
  columnAt(index) {
    return this.isWeek ? this.board.columns[0] : this.board.columns[index];
  }

  dayAt(index) {
    return this.isWeek ? this.board.feed.days[index] : this.board.feed.days[0];
  }

  /** Visits and blocked time of a column, in order. */
  items(index) {
    const column = this.columnAt(index)?.id;
    const day = this.dayAt(index);
    const found = [];
    for (const [id, source] of this.board.sources) {
      if (source.column !== column) continue;
      const from = minutesOn(day, source.start);
      const to = minutesOn(day, source.end);
      if (to <= 0 || from >= 1440) continue;
      found.push({ id, source, from, to });
    }
    return found.sort((a, b) => a.from - b.from || a.to - b.to);
  }

  limits() {
    const [first, last] = this.board.feed.hours;
    return [first * 60, last * 60];
  }

  item() {
    return this.items(this.column).find((item) => item.id === this.itemId) ?? null;
  }

  /** After each drawing: stay where it was, as far as that is still there. */
  place() {
    const main = this.board.scroller();
    if (!main || this.board.columns.length === 0) {
      this.button.remove();
      return;
    }
    if (this.button.parentElement !== main) main.append(this.button);
    const [first, last] = this.limits();
    this.column = Math.min(this.column, this.count() - 1);
    if (this.minutes === null) this.minutes = this.firstMinutes();
    this.minutes = Math.max(first, Math.min(this.minutes, last - STEP));
    if (this.itemId && !this.item()) {
      if (!this.find(this.itemId)) this.itemId = this.sameVisit();
      const elsewhere = this.itemId && this.find(this.itemId);
      if (elsewhere) [this.column, this.minutes] = elsewhere;
    }
    this.draw();
  }

  /** The visit under the cursor where it was moved to: in another column it has another id. */
  sameVisit() {
    const visit = `${this.itemId.split("/")[0]}/`;
    const columns = [...Array(this.count()).keys()];
    columns.sort((a, b) => Math.abs(a - this.column) - Math.abs(b - this.column));
    for (const index of columns) {
      const item = this.items(index).find((one) => one.id.startsWith(visit));
      if (item) return item.id;
    }
    return null;
  }

  find(id) {
    for (let index = 0; index < this.count(); index += 1) {
      const item = this.items(index).find((one) => one.id === id);
      if (item) return [index, item.from];
    }
    return null;
  }

  firstMinutes() {
    const { feed } = this.board;
    const [first] = this.limits();
    const day = this.dayAt(this.column);
    if (dayOf(feed.now) !== day) return first;
    return Math.ceil(minutesOn(day, feed.now) / STEP) * STEP;
  }

  /** Puts the cursor on a visit, and remembers it for keys. */
  point(id) {
    const place = this.find(id);
    if (!place) return;
    [this.column, this.minutes] = place;
    this.itemId = id;
    this.draw();
  }

  pointTime(columnId, text) {
    const index = this.isWeek
      ? this.board.feed.days.indexOf(dayOf(text))
      : this.board.columns.findIndex((column) => column.id === columnId);
    if (index < 0) return;
    this.column = index;
    this.minutes = minutesOn(this.dayAt(index), text);
    this.itemId = null;
    this.draw();
  }

  draw() {
    const box = this.board.box(this.column);
    if (!box) return;
    const [first] = this.limits();
    const item = this.item();
    const { from, to } = this.moving ?? (item ?? { from: this.minutes, to: this.minutes + STEP });
    const { style } = this.button;
    style.left = `${box.left}px`;
    style.top = `${box.top + Board.height(Math.max(from, first) - first)}px`;
    style.width = `${box.width}px`;
    style.height = `${Math.max(Board.height(to - from), 20)}px`;
    this.button.classList.toggle("is-moving", this.moving !== null);
    this.button.setAttribute("aria-label", this.name());
  }

  name() {
    const column = this.columnAt(this.column);
    if (this.moving) {
      const day = this.dayAt(this.column);
      return `${clock(at(day, this.moving.from))} – ${clock(at(day, this.moving.to))}, ${column.title}`;
    }
    const item = this.item();
    if (item) return `${spoken(item.source, this.board.feed.states)}, ${column.title}`;
    const text = at(this.dayAt(this.column), this.minutes);
    return `${clock(text)}, ${this.isOff(text) ? words.off : words.free}, ${column.title}`;
  }

  isOff(text) {
    const column = this.columnAt(this.column);
    return this.board.feed.off.some((off) => off.column === column.id && off.start <= text && text < off.end);
  }

  speak(text = "") {
    this.live.textContent = text || this.button.getAttribute("aria-label");
  }

  show() {
    this.draw();
    const main = this.board.scroller();
    const head = main.querySelector(".ec-header")?.offsetHeight ?? 0;
    const side = main.querySelector(".ec-sidebar")?.offsetWidth ?? 0;
    const { offsetTop: top, offsetLeft: left, offsetHeight: height, offsetWidth: width } = this.button;
    if (top - head < main.scrollTop) main.scrollTop = top - head - 24;
    if (top + height > main.scrollTop + main.clientHeight) main.scrollTop = top + height - main.clientHeight + 24;
    if (left - side < main.scrollLeft) main.scrollLeft = left - side;
    if (left + width > main.scrollLeft + main.clientWidth) main.scrollLeft = left + width - main.clientWidth;
    this.speak();
  }

  focus() {
    this.button.focus({ preventScroll: true });
    this.show();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const step = steps[event.key];
    if (this.moving) {
      if (step) this.shift(step, event.shiftKey ? FINE : STEP);
      else if (event.key === "+" || event.key === "=") this.stretch(FINE);
      else if (event.key === "-" || event.key === "−") this.stretch(-FINE);
      else if (event.key === "Enter") this.drop();
      else if (event.key === "Escape") this.stop(words.moveEnded);
      else if (event.key !== "Shift" && event.key !== "Tab") return;
      else if (event.key === "Tab") {
        this.stop(words.moveEnded);
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (step) {
      if (step[0]) this.sideways(step[0]);
      else if (step[1] > 0) this.down();
      else this.up();
      this.show();
    } else if (event.key === "Home" || event.key === "End") {
      const [first, last] = this.limits();
      this.settle(event.key === "Home" ? first : last - STEP);
      this.show();
    } else return;
    event.preventDefault();
  }

  down() {
    const [, last] = this.limits();
    const items = this.items(this.column);
    const item = this.item();
    if (item) {
      const next = items[items.indexOf(item) + 1];
      if (next && next.from < item.to) {
        this.take(next);
        return;
      }
    }
    const target = item ? item.to : this.minutes + STEP;
    if (target >= last) return;
    // Never past the beginning of something: it would be missed.
    const between = items.find((one) => one.from > this.minutes && one.from <= target && one !== item);
    if (between) this.take(between);
    else this.settle(target);
  }

  up() {
    const [first] = this.limits();
    const items = this.items(this.column);
    const item = this.item();
    if (item) {
      const before = items[items.indexOf(item) - 1];
      if (before && before.to > item.from) {
        this.take(before);
        return;
      }
    }
    if (this.minutes <= first) return;
    this.settle(Math.max(first, this.minutes - STEP));
  }

  sideways(by) {
    const column = this.column + by;
    if (column < 0 || column >= this.count()) return;
    this.column = column;
    this.settle(this.minutes);
  }

  take(item) {
    this.itemId = item.id;
    this.minutes = item.from;
  }

  /** Stands at a time: on what is there, if anything is. */
  settle(minutes) {
    const item = this.items(this.column).find((one) => one.from <= minutes && minutes < one.to);
    if (item) this.take(item);
    else {
      this.itemId = null;
      this.minutes = minutes;
    }
  }

  enter() {
    if (this.moving) return;
    const item = this.item();
    if (item) this.host.open(item.source);
    else this.host.create(this.columnAt(this.column), at(this.dayAt(this.column), this.minutes));
  }

  /** The time under the cursor, for a booking or a block. */
  here() {
    return { column: this.columnAt(this.column), start: at(this.dayAt(this.column), this.minutes) };
  }

  startMoving() {
    const item = this.item();
    if (!item || !this.host.mayMove(item.source)) {
      this.speak(words.notMovable);
      return;
    }
    this.moving = { item, from: item.from, to: item.to, column: this.column };
    this.focus();
    this.speak(say(words.moving, { name: item.source.patient ?? item.source.title ?? "" }));
  }

  shift([sideways, down], minutes) {
    const [first, last] = this.limits();
    const { moving } = this;
    if (sideways) {
      const column = this.column + sideways;
      if (column >= 0 && column < this.count()) this.column = column;
    } else {
      const by = down * minutes;
      if (moving.from + by < first || moving.to + by > last) return;
      moving.from += by;
      moving.to += by;
    }
    this.show();
  }

  stretch(by) {
    const [, last] = this.limits();
    const to = this.moving.to + by;
    if (to - this.moving.from < FINE || to > last) return;
    this.moving.to = to;
    this.show();
  }

  async drop() {
    const { item, from, to } = this.moving;
    const day = this.dayAt(this.column);
    const column = this.columnAt(this.column);
    this.moving = null;
    this.minutes = from;
    this.draw();
    const start = at(day, from);
    const end = at(day, to);
    if (start === item.source.start && end === item.source.end && column.id === item.source.column) return;
    await this.host.move(item.source, column, start, end);
  }

  stop(message) {
    if (!this.moving) return;
    this.column = this.moving.column;
    this.moving = null;
    this.show();
    this.speak(message);
  }
}
