import Alpine from "@alpinejs/csp";

/** A part that opens and closes: navigation on a phone, "show more". */
Alpine.data("disclosure", () => ({
  open: false,
  toggle() {
    this.open = !this.open;
  },
  close() {
    this.open = false;
  },
  get state() {
    return this.open ? "true" : "false";
  },
  get openClass() {
    return this.open ? "is-open" : "";
  },
}));

/** Opens a <dialog> named by data-dialog; put on the button. */
Alpine.data("dialogOpener", () => ({
  show() {
    document.getElementById(this.$el.dataset.dialog)?.showModal();
  },
}));

/** On the <dialog>: closes by its buttons and by a click on the backdrop. */
Alpine.data("dialog", () => ({
  close() {
    this.$root.close();
  },
  backdrop(event) {
    if (event.target === this.$root) this.close();
  },
}));

/** Tabs after the ARIA pattern: arrows move, panels are named by aria-controls. */
Alpine.data("tabs", () => ({
  init() {
    const tabs = this.list();
    this.select(tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? tabs[0]);
  },
  list() {
    return [...this.$root.querySelectorAll('[role="tab"]')];
  },
  select(chosen) {
    for (const tab of this.list()) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      if (panel) panel.hidden = !on;
    }
  },
  pick(event) {
    this.select(event.currentTarget);
  },
  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tabs = this.list();
    const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
    this.select(next);
    next.focus();
  },
}));

/** The stack of passing messages; anyone may dispatch a "toast" event with detail.message. */
Alpine.data("toasts", () => ({
  items: [],
  add(event) {
    const id = `${Date.now()}-${Math.random()}`;
    this.items.push({ id, message: event.detail.message });
    setTimeout(() => this.remove(id), 8000);
  },
  remove(id) {
    this.items = this.items.filter((item) => item.id !== id);
  },
}));

/** Copies data-copy and says so in data-copied. */
Alpine.data("copy", () => ({
  async run() {
    const { copy, copied } = this.$el.dataset;
    await navigator.clipboard.writeText(copy);
    window.dispatchEvent(new CustomEvent("toast", { detail: { message: copied } }));
  },
}));

/** Minus and plus around a number input. */
Alpine.data("stepper", () => ({
  less() {
    this.$refs.number.stepDown();
    this.changed();
  },
  more() {
    this.$refs.number.stepUp();
    this.changed();
  },
  changed() {
    this.$refs.number.dispatchEvent(new Event("change", { bubbles: true }));
  },
}));

/** Shows and hides a password. */
Alpine.data("password", () => ({
  visible: false,
  toggle() {
    this.visible = !this.visible;
    this.$root.querySelector("input").type = this.visible ? "text" : "password";
  },
  get pressed() {
    return this.visible ? "true" : "false";
  },
}));

/** Time left until data-until (ISO instant), as 6:12; fires "expired" once at zero. */
Alpine.data("countdown", () => ({
  left: "",
  init() {
    const until = Date.parse(this.$el.dataset.until);
    const tick = () => {
      const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
      this.left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (seconds > 0) return;
      clearInterval(this.timer);
      this.$dispatch("expired");
    };
    this.timer = setInterval(tick, 1000);
    tick();
  },
  destroy() {
    clearInterval(this.timer);
  },
}));

/** Remembers light, dark or system on this device. */
Alpine.data("theme", () => ({
  pick(event) {
    const { value } = event.currentTarget.dataset;
    document.documentElement.dataset.theme = value;
    localStorage.setItem("theme", value);
  },
}));

/** The value of the field under way, for a live echo beside it. */
Alpine.data("echo", () => ({
  value: "",
  init() {
    this.value = this.$root.querySelector("input")?.value ?? "";
  },
  read(event) {
    this.value = event.target.value;
  },
  get empty() {
    return this.value.trim() === "";
  },
}));

/** A button that puts its value into the field of its name in the same form, as if it were typed. */
Alpine.data("fillIn", () => ({
  fill() {
    const { form, name, value } = this.$el;
    const field = form.querySelector(`input[name="${name}"]`);
    field.value = value;
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  },
}));

/** A form that sends itself; its button is for those without scripts. */
Alpine.data("autoSubmit", () => ({
  init() {
    this.$el.requestSubmit();
  },
}));

export default Alpine;
