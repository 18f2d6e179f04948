import { createCalendar, Interaction, ResourceTimeGrid, TimeGrid } from "@event-calendar/core";
import "@event-calendar/core/index.css";
import { columnHead, emptyState, eventBody, tickHolds } from "./render.js";
import { clock, dayOf, localText, minutesOn, now } from "./time.js";
import { words } from "./words.js";

const SLOT_MINUTES = 30;
const SLOT_HEIGHT = 48;
const SNAP_MINUTES = 5;

/** How many lines fit. */
function lengthClass({ start, end }) {
  const minutes = minutesOn(dayOf(start), end) - minutesOn(dayOf(start), start);
  if (minutes < 30) return "is-short";
  return minutes < 45 ? "is-medium" : "is-long";
}

/** Draws a feed with EventCalendar and reports what hands do. Handlers: open, create, move, drag. */
export class Board {
  constructor(root, handlers) {
    this.root = root;
    this.handlers = handlers;
    this.colour = "state";
    this.showAll = false;
    this.isDragging = false;
    this.sources = new Map();
    setInterval(() => tickHolds(root), 1000);
  }

  /** The columns to draw: those chosen or, of a day, those with hours or visits. */
  columnsOf(feed) {
    let columns = feed.columns;
    if (feed.column) columns = columns.filter((column) => column.id === feed.column);
    if (feed.view === "week" || feed.column || this.showAll) return columns;
    const used = new Set([...feed.visits.flatMap((visit) => visit.columns), ...feed.busy.map((busy) => busy.column)]);
    return columns.filter((column) => column.works || used.has(column.id));
  }

  draw(feed) {
    this.feed = feed;
    this.columns = this.columnsOf(feed);
    this.root.setAttribute("aria-busy", "false");
    if (this.columns.length === 0) {
      this.drawNothing(feed);
      return;
    }
    this.root.classList.remove("is-empty");
    this.root.querySelector(".cal-empty, .cal-skeleton")?.remove();
    const shape = [feed.view, feed.date, feed.offset, ...feed.hours].join();
    if (this.shape === undefined) this.create(feed);
    if (this.shape !== shape) this.reshape(feed);
    this.shape = shape;
    const columns = JSON.stringify(this.columns);
    if (this.drawnColumns !== columns) {
      this.drawnColumns = columns;
      this.calendar.setOption("resources", this.resources());
    }
    this.calendar.setOption("events", this.events(feed));
    tickHolds(this.root);
  }

  drawNothing(feed) {
    const hidden = feed.columns.length;
    this.root.classList.add("is-empty");
    const [title, text] =
      feed.by === "room" ? [words.noRoomsTitle, words.noRoomsText] : [words.noDoctorsTitle, words.noDoctorsText];
    this.root.querySelector(".cal-skeleton")?.remove();
    this.root.querySelector(".cal-empty")?.remove();
    this.root.append(emptyState(title, text, hidden && feed.by === "doctor" ? words.showAll : ""));
  }

  /** What the server has just said about a visit: the next drag must not send what it replaced. */
  patch(id, facts) {
    for (const source of [...this.sources.values(), ...this.feed.visits]) {
      if (source.id === id) Object.assign(source, facts);
    }
  }

  /** Back to what the server last said. */
  revert() {
    if (this.feed) this.draw(this.feed);
  }

  create(feed) {
    this.calendar = createCalendar(this.root, [ResourceTimeGrid, TimeGrid, Interaction], {
      view: feed.view === "week" ? "timeGridWeek" : "resourceTimeGridDay",
      date: feed.date,
      timeZone: feed.offset,
      locale: document.documentElement.lang,
      firstDay: 1,
      headerToolbar: { start: "", center: "", end: "" },
      allDaySlot: false,
      nowIndicator: true,
      slotDuration: { minutes: SLOT_MINUTES },
      slotHeight: SLOT_HEIGHT,
      slotLabelInterval: { hours: 1 },
      slotLabelFormat: (date) => clock(localText(date)),
      snapDuration: { minutes: SNAP_MINUTES },
      slotEventOverlap: false,
      columnWidth: "minmax(var(--cal-column), 1fr)",
      dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
      editable: true,
      selectable: this.handlers.mayChange,
      longPressDelay: 350,
      resources: this.resources(),
      // Without resources the library draws one of its own.
      resourceLabelContent: ({ resource }) => ({
        domNodes: resource.extendedProps?.column ? [columnHead(resource.extendedProps.column)] : [],
      }),
      eventContent: ({ event }) => this.content(event),
      eventClick: ({ event }) => this.handlers.open(this.sourceOf(event)),
      eventDidMount: ({ el, event }) => {
        // One stop for the Tab key, the cursor, stands for them all.
        el.tabIndex = -1;
        el.dataset.event = event.id;
      },
      eventAllUpdated: () => this.dress(),
      dateClick: ({ date, resource }) => this.handlers.create(this.columnOf(resource), localText(date)),
      select: ({ start, end, resource }) => {
        this.calendar.unselect();
        this.handlers.create(this.columnOf(resource), localText(start), localText(end));
      },
      eventDragStart: () => this.drag(true),
      eventDragStop: () => this.drag(false),
      eventResizeStart: () => this.drag(true),
      eventResizeStop: () => this.drag(false),
      eventDrop: (info) => this.moved(info),
      eventResize: (info) => this.moved(info),
    });
    this.dress();
  }

  reshape(feed) {
    const [first, last] = feed.hours;
    this.calendar.setOption("view", feed.view === "week" ? "timeGridWeek" : "resourceTimeGridDay");
    this.calendar.setOption("timeZone", feed.offset);
    this.calendar.setOption("date", feed.date);
    this.calendar.setOption("slotMinTime", { hours: first });
    this.calendar.setOption("slotMaxTime", { hours: last });
    const hour = feed.days.includes(feed.today) ? Number(now(feed.offset).slice(11, 13)) - 1 : first;
    this.calendar.setOption("scrollTime", { hours: Math.max(first, hour) });
  }

  resources() {
    if (this.feed.view === "week") return [];
    return this.columns.map((column) => ({ id: String(column.id), title: column.title, extendedProps: { column } }));
  }

  events(feed) {
    const shown = new Set(this.columns.map((column) => column.id));
    const editable = new Map(this.columns.map((column) => [column.id, column.editable]));
    const isWeek = feed.view === "week";
    this.sources.clear();
    const events = [];
    for (const visit of feed.visits) {
      for (const column of visit.columns) {
        if (!shown.has(column)) continue;
        const source = { ...visit, column };
        const mayMove = visit.open && this.handlers.mayChange && editable.get(column);
        events.push(this.event(source, `${visit.id}/${column}`, isWeek, mayMove, [
          `is-${visit.state}`,
          `is-colour-${visit.colour}`,
        ]));
      }
    }
    for (const busy of feed.busy) {
      if (!shown.has(busy.column)) continue;
      const mayMove = busy.kind === "block" && editable.get(busy.column) && this.handlers.mayChange;
      events.push(this.event(busy, busy.id, isWeek, mayMove, [`is-${busy.kind}`]));
    }
    for (const off of feed.off) {
      if (!shown.has(off.column)) continue;
      events.push({
        display: "background",
        start: off.start,
        end: off.end,
        classNames: ["cal-off"],
        resourceIds: isWeek ? [] : [String(off.column)],
      });
    }
    return events;
  }

  event(source, id, isWeek, mayMove, classNames) {
    this.sources.set(id, source);
    return {
      id,
      start: source.start,
      end: source.end,
      resourceIds: isWeek ? [] : [String(source.column)],
      editable: Boolean(mayMove),
      classNames: [...classNames, lengthClass(source), ...(source.overbooked ? ["is-overbooked"] : [])],
      extendedProps: { source },
    };
  }

  content(event) {
    const { source } = event.extendedProps;
    if (!source) return { domNodes: [] };
    return { domNodes: [eventBody(source, this.feed.states, localText(event.start), localText(event.end))] };
  }

  sourceOf(event) {
    return this.sources.get(event.id) ?? event.extendedProps.source;
  }

  columnOf(resource) {
    return resource ? resource.extendedProps.column : this.columns[0];
  }

  drag(isDragging) {
    this.isDragging = isDragging;
    this.handlers.drag(isDragging);
  }

  moved(info) {
    const source = this.sourceOf(info.event);
    const column = info.newResource ? this.columnOf(info.newResource) : this.columns.find(({ id }) => id === source.column);
    this.handlers.move(source, column, localText(info.event.start), localText(info.event.end));
  }

  setColour(colour) {
    this.colour = colour;
    this.root.classList.toggle("is-by-service", colour === "service");
  }

  /** The grid's roles belong to a table that EventCalendar does not complete; the cursor speaks instead. */
  dress() {
    for (const part of this.root.querySelectorAll("[role]:not([role=button], [role=application])")) {
      for (const name of ["role", "aria-colindex", "aria-colspan", "aria-colcount", "aria-rowcount"]) part.removeAttribute(name);
    }
    const grid = this.root.querySelector(".ec");
    grid?.setAttribute("role", "application");
    grid?.setAttribute("aria-label", this.root.getAttribute("aria-label"));
    for (const label of this.root.querySelectorAll(".ec-col-head span[aria-label], .ec-col-head time[aria-label]")) {
      label.removeAttribute("aria-label");
    }
    for (const event of this.root.querySelectorAll(".ec-event[tabindex='0']")) event.tabIndex = -1;
    this.handlers.drawn?.();
  }

  scroller() {
    return this.root.querySelector(".ec-main");
  }

  /** The box of a column: left edge and width inside the scroller, and where its first hour begins. */
  box(index) {
    const day = this.root.querySelectorAll(".ec-body .ec-grid > .ec-day")[index];
    const main = this.scroller();
    if (!day || !main) return null;
    const outer = main.getBoundingClientRect();
    const inner = day.getBoundingClientRect();
    return {
      left: inner.left - outer.left + main.scrollLeft,
      top: inner.top - outer.top + main.scrollTop,
      width: inner.width,
    };
  }

  /** Pixels for so many minutes. */
  static height(minutes) {
    return (minutes / SLOT_MINUTES) * SLOT_HEIGHT;
  }
}
