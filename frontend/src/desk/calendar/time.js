// Wall-clock times of the clinic, as "YYYY-MM-DDTHH:MM". They are never turned into instants here: the server does that.

const pad = (number) => String(number).padStart(2, "0");

/** A Date of the calendar library, whose local fields are the clinic's wall clock, as text. */
export function localText(date) {
  return `${dayText(date)}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

export function dayText(date) {
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** "2026-11-24T10:20" gives "10:20", without a leading zero. */
export function clock(text) {
  return text.slice(11).replace(/^0/, "");
}

export function dayOf(text) {
  return text.slice(0, 10);
}

/** Minutes from the beginning of `day` (YYYY-MM-DD) on the wall clock; more than 1440 on the day after. */
export function minutesOn(day, text) {
  const days = Math.round((Date.parse(dayOf(text)) - Date.parse(day)) / 86_400_000);
  return days * 1440 + Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16));
}

/** The wall-clock time so many minutes after the beginning of a day. */
export function at(day, minutes) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCMinutes(minutes);
  return date.toISOString().slice(0, 16);
}

export function addDays(day, days) {
  return at(day, days * 1440).slice(0, 10);
}

/** The wall clock now, in a zone that is `offset` ("+03:00") away from UTC. */
export function now(offset) {
  const sign = offset.startsWith("-") ? -1 : 1;
  const minutes = sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)));
  return new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 16);
}
