import { createHash } from 'node:crypto';
import { withoutImage } from '../../../functions/tables/control/quarantine-rows.ts';
import { PASSES } from '../../copy/run-state.ts';
import { stableJson } from '../../json.ts';
import { auditPage } from './audit-page.ts';
import type { AuditFacts } from './facts.ts';

/** A file of the bundle, and what it says. */
export interface BundleFile {
  readonly name: string;
  readonly says: string;
  readonly content: string;
}

/** A line of the bundle's index. */
export interface IndexEntry {
  readonly file: string;
  readonly says: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Bundle {
  readonly files: readonly BundleFile[];
  readonly index: readonly IndexEntry[];
}

/** The audit bundle of the facts: the same facts give the same bytes. Pure. */
export function bundleOf(facts: AuditFacts): Bundle {
  const json = Object.entries(contents(facts)).map(([name, { says, value }]) => ({
    name: `${name}.json`,
    says,
    content: stableJson(value),
  }));
  const page = {
    name: 'audit.html',
    says: 'the same for a person: a timeline of what happened, by whom and why, and a chart of what differed',
    content: auditPage(facts),
  };
  const files = [page, ...json];
  const index = files.map(({ name, says, content }) => ({
    file: name,
    says,
    bytes: Buffer.byteLength(content),
    sha256: sha256(content),
  }));
  const says = 'describes each file, with its digest';
  return { files: [...files, { name: 'index.md', says, content: indexPage(facts, index) }], index };
}

function contents(facts: AuditFacts): Record<string, { says: string; value: unknown }> {
  const { settings, run, checkpoints, rollback, reports, rolling, quarantine } = facts;
  // An address is personal data, and says nothing about the migration.
  const { alarms: _, ...told } = settings;
  return {
    settings: { says: 'the settings of the environment with all defaults; they contain no secret', value: told },
    mapping: { says: 'the digest of the mapping that this version uses', value: { mappingHash: facts.mappingHash } },
    backfill: {
      says: 'the run of the backfill, the progress of each segment of each pass, and the last rollback',
      value: {
        run: run && withoutKey(run),
        rollback,
        checkpoints: checkpoints
          .toSorted((left, right) => rank(left.pass) - rank(right.pass) || left.segment - right.segment)
          .map(withoutKey),
      },
    },
    validations: {
      says: 'every stored validation, oldest first, with the last complete one repeated as `report#latest`; and the standing validation',
      value: { reports: reports.toSorted(byInstant), rolling: rolling && withoutKey(rolling) },
    },
    quarantine: {
      says: 'every item that is not migrated: the reason, who accepted it and when, and the digest of the item',
      value: quarantine.map(withoutImage),
    },
    unfinished: {
      says: 'every item that could neither be replicated nor quarantined, with the reason; the gate refuses to move reads while there is one',
      value: facts.unfinished,
    },
    'read-flag': {
      says: 'every deployment of the read flag, oldest first, with author and time',
      value: facts.flagHistory,
    },
    operations: {
      says: 'every command that changed something, oldest first: operator, reason, arguments, start, end and outcome',
      value: facts.operations,
    },
    retirement: {
      says: 'when the old tables were found ready to be deleted: by whom, who accepted the held records, and the last backups',
      value: facts.retirement ?? null,
    },
    promotions: {
      says: 'on what evidence of the environment before each step was allowed here: the digest of its bundle, or who answers for going on without',
      value: facts.promotions,
    },
    lag: { says: 'how far each stream is behind, in milliseconds', value: { at: facts.at, lagMs: facts.lagMs } },
  };
}

const rank = (pass: (typeof PASSES)[number]): number => PASSES.indexOf(pass);

function byInstant(left: Readonly<Record<string, unknown>>, right: Readonly<Record<string, unknown>>): number {
  const [one, other] = [left, right].map(({ at, sk }) => `${at} ${sk}`);
  return (one ?? '') < (other ?? '') ? -1 : 1;
}

/** The key in the control table says nothing that the value does not. */
function withoutKey(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'pk' && name !== 'sk'));
}

/** A digest as the index of a bundle has it, in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function indexPage(facts: AuditFacts, index: readonly IndexEntry[]): string {
  const accepted = facts.quarantine.filter((entry) => entry.accepted !== undefined).length;
  return [
    `# Audit bundle of ${facts.settings.name}`,
    '',
    `Read at ${facts.at} by ${facts.by}, account ${facts.settings.account}, region ${facts.settings.region}. Nothing was written to any table.`,
    `${facts.reports.length} stored validations, ${facts.quarantine.length} items in quarantine (${accepted} accepted), ${facts.unfinished.length} unfinished, ${facts.flagHistory.length} deployments of the read flag.`,
    '',
    '| file | says | bytes | SHA-256 |',
    '|---|---|---|---|',
    ...index.map(({ file, says, bytes, sha256: digest }) => `| \`${file}\` | ${says} | ${bytes} | \`${digest}\` |`),
    '',
  ].join('\n');
}
