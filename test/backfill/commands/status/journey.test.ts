import { describe, expect, test } from 'vitest';
import { positionOf } from '../../../../backfill/commands/status/journey.ts';
import type { State } from '../../../../backfill/commands/status/journey-facts.ts';
import { CASES, type Changes, factsWith, LIMITS, NOW } from './journey-cases.ts';
import { parsedBy, shellWords } from './parse-command.ts';

const positionWith = (changes: Changes) => positionOf(factsWith(changes), LIMITS, Date.parse(NOW));

describe('the position of a migration', () => {
  test.each(CASES)('%s', async (_name, changes, state, step, command) => {
    const position = positionWith(changes);
    expect(position).toMatchObject({ state, step, waits: command.includes('--wait') });
    expect(position.says).toMatch(/^\S.*[.!]$|unreadable|read: /);
    expect(position.next.why).not.toBe('');
    const prefix = command.startsWith('npx') ? '' : 'npm run -s kpi-migrate -- ';
    expect(position.next.command).toBe(`${prefix}${command}`);
  });

  test.each(CASES)('%s: the next command can be pasted as it stands', async (_name, changes) => {
    const { command, words } = positionWith(changes).next;
    expect(command).not.toMatch(/\b(SOURCE|ID|NAME|DIR)\b|<|…/);
    if (words === undefined) return expect(command).toMatch(/^npx cdk deploy --all -c environment=[\w-]+$/);
    expect(shellWords(command)).toEqual(['npm', 'run', '-s', 'kpi-migrate', '--', ...words]);
    const { environment } = factsWith(changes);
    expect((await parsedBy(words)).options).toMatchObject({ env: environment });
  });

  test('covers every state', () => {
    const states = new Set(CASES.map(([, , state]) => state));
    const all: Record<State, true> = {
      'nothing-deployed': true,
      'tables-unfit': true,
      'rollback-unfinished': true,
      running: true,
      paused: true,
      'budget-spent': true,
      'not-copied': true,
      'copy-unfinished': true,
      'items-unfinished': true,
      'quarantine-blocks': true,
      'streams-behind': true,
      'not-validated': true,
      disagrees: true,
      repaired: true,
      inconclusive: true,
      'validation-old': true,
      validated: true,
      'flag-unreadable': true,
      'kill-switch': true,
      deploying: true,
      baking: true,
      'rolling-back': true,
      'rolled-back': true,
      'fell-back': true,
      shadow: true,
      'reads-new': true,
      'new-side-differs': true,
      watching: true,
      'may-retire': true,
      retired: true,
    };
    expect(Object.keys(all).filter((state) => !states.has(state as State))).toEqual([]);
  });
});
