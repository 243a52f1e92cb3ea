const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [300, 60];

/**
 * Draws lines over time, with the largest value and the time they go back.
 *
 * @param series each a name and its values; undefined where there is none.
 */
export function drawLines(container, { timesMs, series, unit, format }) {
  const key = JSON.stringify([timesMs.at(-1), timesMs.length]);
  if (container.dataset.key === key) return;
  container.dataset.key = key;
  const drawn = series.filter(({ values }) => values.some((value) => value !== undefined));
  if (timesMs.length < 2 || drawn.length === 0) return container.replaceChildren();
  const most = Math.max(1, ...drawn.flatMap(({ values }) => values.filter((value) => value !== undefined)));
  const [first, last] = [timesMs[0], timesMs.at(-1)];
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  const latest = drawn.map(({ name, values }) => `${name} ${format(values.at(-1) ?? 0)}`).join(', ');
  svg.setAttribute('aria-label', `${unit} over time: now ${latest}; at most ${format(most)}`);
  drawn.forEach(({ values }, at) => {
    const line = document.createElementNS(SVG, 'polyline');
    line.setAttribute('class', `series-${at}`);
    line.setAttribute('points', pointsOf(timesMs, values, first, last, most));
    svg.append(line);
  });
  container.replaceChildren(svg, captionOf(drawn, most, last - first, unit, format));
}

function pointsOf(timesMs, values, first, last, most) {
  return timesMs
    .map((atMs, at) => [atMs, values[at]])
    .filter(([, value]) => value !== undefined)
    .map(([atMs, value]) => {
      const x = ((atMs - first) / Math.max(1, last - first)) * WIDTH;
      return `${x.toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`;
    })
    .join(' ');
}

function captionOf(series, most, spanMs, unit, format) {
  const caption = document.createElement('p');
  caption.className = 'quiet';
  caption.append(
    ...series.flatMap(({ name, values }, at) => {
      const key = document.createElement('span');
      key.className = `key-${at}`;
      key.textContent = `${name} ${format(values.at(-1) ?? 0)}`;
      return [key, ' · '];
    }),
    `${unit}, at most ${format(most)}, last ${Math.max(1, Math.round(spanMs / 60_000))} min`,
  );
  return caption;
}
