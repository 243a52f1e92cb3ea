import { CSS, chart, escaped, list, table } from '../../html.ts';
import { grouped } from '../../text-table.ts';
import type { AuditFacts } from './facts.ts';
import { type TimelineEvent, timelineOf } from './timeline.ts';

const PAGE_CSS = `
.command { fill: #0550ae } .backfill { fill: #7d4e00 } .validation { fill: #116329 } .reads { fill: #a40e26 }
.quarantine { fill: #57606a } .retirement { fill: #1b1f24 } .line svg { width: 100%; height: auto }
`;

/** The audit bundle for a person: what happened, when, by whom and why, and how far it got. Needs nothing else. Pure. */
export function auditPage(facts: AuditFacts): string {
  const { settings, at, by, quarantine, unfinished, lagMs } = facts;
  const events = timelineOf(facts);
  const accepted = quarantine.filter((entry) => entry.accepted !== undefined).length;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Audit of ${escaped(settings.name)}</title><style>${CSS}${PAGE_CSS}</style></head><body><main>
<h1>Audit of the KPI migration, environment ${escaped(settings.name)}</h1>
<p>Read at ${escaped(at)} by ${escaped(by)}. Account ${escaped(settings.account)}, region ${escaped(settings.region)}. Mapping ${escaped(facts.mappingHash.slice(0, 12))}. The JSON files beside this page have everything.</p>
${list([
  `${grouped(quarantine.length)} items in quarantine, ${grouped(accepted)} of them accepted`,
  `${grouped(unfinished.length)} items unfinished`,
  `streams behind: ${Object.entries(lagMs)
    .map(([source, ms]) => `${source} ${Math.round(ms / 1_000)} s`)
    .join(', ')}`,
])}
<h2>Timeline</h2>
<div class="line">${timeline(events)}</div>
${table(
  ['when', 'what', 'who', 'why'],
  events.map(({ at: when, what, who, why }) => [when, what, who, why]),
  'text',
)}
<h2>Rows that differed, by validation</h2>
${differences(facts)}
</main></body></html>
`;
}

const KINDS = ['command', 'backfill', 'validation', 'reads', 'quarantine', 'retirement'] as const;
const [WIDTH, LEFT, LANE] = [1_000, 100, 22];

/** A dot for each event, a lane for each kind, from the first to the last. */
function timeline(events: readonly TimelineEvent[]): string {
  const timesMs = events.map(({ at }) => Date.parse(at)).filter((ms) => !Number.isNaN(ms));
  if (timesMs.length === 0) return '<p>Nothing has happened yet.</p>';
  const [first, last] = [timesMs[0] ?? 0, timesMs.at(-1) ?? 0];
  const x = (ms: number): string =>
    (LEFT + ((ms - first) / Math.max(1, last - first)) * (WIDTH - LEFT - 12)).toFixed(1);
  const lanes = KINDS.map((kind, at) => {
    const dots = events
      .filter((each) => each.kind === kind && !Number.isNaN(Date.parse(each.at)))
      .map(
        (each) =>
          `<circle class="${kind}" cx="${x(Date.parse(each.at))}" cy="${(at + 0.5) * LANE}" r="5"><title>${escaped(`${each.at} ${each.what}`)}</title></circle>`,
      );
    return `<text x="4" y="${(at + 0.5) * LANE + 4}" font-size="12">${kind}</text>${dots.join('')}`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${KINDS.length * LANE}" role="img" aria-label="What happened, from ${new Date(first).toISOString()} to ${new Date(last).toISOString()}">${lanes.join('')}</svg>`;
}

function differences({ reports }: AuditFacts): string {
  const runs = [...new Map(reports.map((report) => [String(report.runId), report])).values()];
  if (runs.length === 0) return '<p>There was no validation.</p>';
  return chart(
    'Rows that differed, by validation',
    runs
      .toSorted((left, right) => (String(left.at) < String(right.at) ? -1 : 1))
      .map(({ at, verdict, counts }) => {
        const { missing = 0, extra = 0, different = 0 } = (counts ?? {}) as Readonly<Record<string, number>>;
        const rows = missing + extra + different;
        return { value: rows, kind: String(verdict), title: `${at}: ${verdict}, ${rows} rows differ` };
      }),
  );
}
