/** Small parts that the page is made of. Text comes from data, so it is only ever set as text. */

/** What scrolls can be reached with the keyboard. */
export function makeScrollable() {
  for (const element of document.querySelectorAll('.scrolls')) {
    element.tabIndex = 0;
    element.setAttribute('role', 'region');
    element.setAttribute('aria-label', element.dataset.label);
  }
}

export function byId(id) {
  return document.getElementById(id);
}

/** Sets a text, only if it is another: a selection in it stays, and screen readers are told of changes alone. */
export function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(id, name) {
  const element = byId(id);
  if (element.className !== name) element.className = name;
}

/** Fills a table, only if something in it is new. A cell is a text, or a text with a class. */
export function setTable(id, header, rows) {
  const table = byId(id);
  const key = JSON.stringify([header, rows]);
  if (table.dataset.key === key) return;
  table.dataset.key = key;
  table.replaceChildren(
    ...(rows.length === 0 ? [] : [rowOf('th', header), ...rows.map((cells) => rowOf('td', cells))]),
  );
}

function rowOf(tag, cells) {
  const row = document.createElement('tr');
  row.append(
    ...cells.map((cell) => {
      const element = document.createElement(tag);
      if (tag === 'th') element.scope = 'col';
      const [text, name] = Array.isArray(cell) ? cell : [cell];
      element.textContent = text;
      if (name) element.className = name;
      return element;
    }),
  );
  return row;
}

export function setList(id, texts, nameOf = () => '') {
  const list = byId(id);
  const key = JSON.stringify(texts.map((text, at) => [text, nameOf(at)]));
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(
    ...texts.map((text, at) => {
      const item = document.createElement('li');
      item.textContent = text;
      item.className = nameOf(at);
      if (item.className === 'current') item.setAttribute('aria-current', 'step');
      return item;
    }),
  );
}

export function count(figure) {
  return figure === undefined ? '–' : Math.round(figure).toLocaleString('en-US');
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** In its two largest units: `23 h 59 min`. */
export function duration(milliseconds) {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return '–';
  let rest = Math.max(0, Math.round(milliseconds / 1_000) * 1_000);
  const first = Math.max(
    0,
    UNITS.findIndex(([, size]) => rest >= size),
  );
  const start = rest === 0 ? UNITS.length - 1 : first;
  return UNITS.slice(start, start + 2)
    .map(([unit, size]) => {
      const times = Math.floor(rest / size);
      rest -= times * size;
      return `${times} ${unit}`;
    })
    .filter((part, at) => at === 0 || !part.startsWith('0 '))
    .join(' ');
}
