import { post, Refusal } from "./server.js";
import { clock, minutesOn, dayOf } from "./time.js";
import { say, words } from "./words.js";

const UNDO_SECONDS = 12;

/** Sends changes, offers to take them back, says what the server refused. */
export class Changes {
  /** `host`: the calendar (frame, refresh, revert, urls). */
  constructor(host) {
    this.host = host;
    this.undoBox = document.getElementById("cal-undo");
    this.alertBox = document.getElementById("cal-alert");
  }

  /** Moves a visit or blocked time that is drawn at its new place already. */
  async move(source, column, start, end) {
    const byRoom = this.host.frame.by === "room";
    const from = { start: source.start, end: source.end, doctor: this.host.doctorOf(source.column) };
    const to = { start, end, doctor: byRoom ? undefined : column.doctor };
    if (byRoom && (source.kind === "block" || column.id !== source.column)) {
      from.room = source.column;
      to.room = column.id;
    }
    if (source.kind === "block") return this.moveBlock(source, to, from);
    return this.moveVisit(source, to, from);
  }

  async moveVisit(source, to, from, { isUndo = false } = {}) {
    const length = minutesOn(dayOf(to.start), to.end) - minutesOn(dayOf(to.start), to.start);
    const answer = await this.send(this.host.visitUrl(source.id, "move"), {
      start: to.start,
      minutes: length,
      doctor: to.doctor,
      room: to.room,
      leaves: to.room && from.room,
      version: source.version,
    }, (alternative) => {
      this.moveVisit(source, { ...this.host.span(alternative, length), room: to.room }, from);
    });
    if (!answer) return false;
    this.host.board.patch(source.id, { start: to.start, end: to.end, version: answer.version });
    const message = isUndo ? words.undone : this.movedText(from, to);
    const undo = isUndo ? null : () => this.moveVisit({ ...source, version: answer.version }, from, to, { isUndo: true });
    this.tell(message, undo);
    await this.host.refresh();
    return true;
  }

  movedText(from, to) {
    const isResize = to.start === from.start && to.doctor === from.doctor;
    const room = to.room && this.host.titleOf(to.room);
    if (room && isResize && to.end === from.end) return say(words.roomChanged, { room });
    if (room) return say(words.movedToRoom, { room, time: clock(to.start) });
    return say(isResize ? words.resized : words.moved, { time: clock(isResize ? to.end : to.start) });
  }

  /** From the panel: another room, the time stays. */
  async changeRoom(id, { room, leaves, version }, { isUndo = false, name = "" } = {}) {
    const answer = await this.send(this.host.visitUrl(id, "move"), { room, leaves, version });
    if (!answer) return false;
    const undo = isUndo
      ? null
      : () => this.changeRoom(id, { room: leaves, leaves: room, version: answer.version }, { isUndo: true });
    this.tell(isUndo ? words.undone : say(words.roomChanged, { room: name }), undo);
    await this.host.refresh();
    this.host.panel.reload();
    return true;
  }

  /** Opens a room again that has just been closed; the visits that had to leave it go back. */
  async reopen({ pk, moved }) {
    if (!(await this.send(this.host.blockUrl(`${pk}/remove/`), {}))) return;
    for (const { id, room, leaves, version } of moved) {
      if (!(await this.send(this.host.visitUrl(id, "move"), { room, leaves, version }))) return;
    }
    this.tell(words.undone, null);
    this.host.closePanel();
    await this.host.refresh();
  }

  async moveBlock(source, to, from, { isUndo = false } = {}) {
    const answer = await this.send(this.host.blockUrl(`${source.pk}/move/`), {
      start: to.start,
      end: to.end,
      doctor: to.doctor,
      resource: to.room,
      clinic: this.host.frame.clinic,
    });
    if (!answer) return false;
    const undo = isUndo ? null : () => this.moveBlock({ ...source, pk: answer.pk }, from, to, { isUndo: true });
    this.host.panel.blockMoved(source.pk, this.host.blockUrl(`${answer.pk}/`));
    this.tell(isUndo ? words.undone : words.blockMoved, undo);
    await this.host.refresh();
    return true;
  }

  async block({ start, end, doctor, room, reason }, { isUndo = false } = {}) {
    const answer = await this.send(this.host.blockUrl(""), {
      start,
      end,
      doctor,
      resource: room,
      reason,
      clinic: this.host.frame.clinic,
    });
    if (!answer) return false;
    this.tell(isUndo ? words.undone : words.blockMade, isUndo ? null : () => this.unblock(answer.pk, { isUndo: true }));
    await this.host.refresh();
    return true;
  }

  async unblock(pk, { isUndo = false } = {}) {
    const source = this.host.blockOf(pk);
    const answer = await this.send(this.host.blockUrl(`${pk}/remove/`), {});
    if (!answer) return false;
    const undo = source && !isUndo
      ? () => this.block(
        { start: source.start, end: source.end, ...this.host.ownerOf(source.column), reason: source.title },
        { isUndo: true },
      )
      : null;
    this.tell(isUndo ? words.undone : words.blockRemoved, undo);
    await this.host.refresh();
    return true;
  }

  async unbook({ id, version }) {
    const answer = await this.send(this.host.visitUrl(id, "undo"), { version });
    if (!answer) return;
    this.host.closePanel();
    this.tell(words.undone, null);
    await this.host.refresh();
  }

  /** Opens a visit again that was cancelled, completed or missed by a slip. */
  async restore({ id, version }) {
    const answer = await this.send(this.host.visitUrl(id, "restore"), { version });
    if (!answer) return;
    this.tell(words.undone, null);
    await this.host.refresh();
    this.host.showVisit(id);
  }

  /** Posts; a refusal puts everything back and is said. Nothing then, else the answer. */
  async send(url, fields, retry = null) {
    this.hideAlert();
    try {
      return await post(url, fields);
    } catch (error) {
      this.host.revert();
      if (error instanceof Refusal) {
        this.refuse(error, retry);
      } else {
        this.refuse(new Refusal({ message: document.body.dataset.errorNetwork }));
      }
      this.host.refresh();
      return null;
    }
  }

  refuse(refusal, retry = null) {
    const text = document.createElement("p");
    text.textContent = refusal.message;
    this.alertBox.replaceChildren(text);
    if (retry && refusal.alternatives.length > 0) {
      const label = document.createElement("span");
      label.textContent = words.otherTimes;
      this.alertBox.append(label);
      for (const alternative of refusal.alternatives) {
        const button = this.button("chip", alternative.label, () => {
          this.hideAlert();
          retry(alternative);
        });
        this.alertBox.append(button);
      }
    }
    this.alertBox.append(this.button("btn btn-quiet btn-sm", words.close, () => this.hideAlert()));
    this.alertBox.hidden = false;
  }

  hideAlert() {
    this.alertBox.hidden = true;
    this.alertBox.replaceChildren();
  }

  /** Says what was done and, for a while, offers to take it back. */
  tell(message, undo) {
    clearTimeout(this.timer);
    this.undo = undo;
    const toast = document.createElement("div");
    toast.className = "toast";
    const text = document.createElement("p");
    text.textContent = message;
    toast.append(text);
    if (undo) {
      const button = this.button("btn btn-quiet btn-sm", words.undo, () => this.takeBack());
      button.setAttribute("aria-keyshortcuts", "U");
      toast.append(button);
    }
    this.undoBox.replaceChildren(toast);
    this.timer = setTimeout(() => this.forget(), UNDO_SECONDS * 1000);
  }

  takeBack() {
    const { undo } = this;
    if (!undo) return;
    this.forget();
    undo();
  }

  forget() {
    clearTimeout(this.timer);
    this.undo = null;
    this.undoBox.replaceChildren();
  }

  button(className, text, press) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = className;
    button.textContent = text;
    button.addEventListener("click", press);
    return button;
  }
}
