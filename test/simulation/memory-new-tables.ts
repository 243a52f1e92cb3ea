import { idOf, textOf } from '../../functions/model/attribute-value.ts';
import {
  idsOfBatches,
  keysOfTransaction,
  mayBeUnanswerable,
  requireAnswerable,
  requirePuttable,
  writesOf,
} from '../../functions/tables/dynamo/memory-requests.ts';
import { batchesOfPuts, keyIdentity } from '../../functions/tables/dynamo/possible-keys.ts';
import type { Transactions, Write } from '../../functions/tables/dynamo/transactions.ts';
import type { NewTables } from '../../functions/tables/new/new-tables.ts';
import { type Gate, PUT_LANDS_WITHIN_MS, readEach } from './gate.ts';
import { oddAnswer, refusesRow } from './odd-items.ts';
import { pageOf, segmentOf } from './paging.ts';
import { Later, RefusedError } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import { keyText, type Store } from './store.ts';
import { showItem, showKey, showWrite } from './trace-text.ts';

/** Transactions over the new tables and the control table, of one process. */
export function transactions(store: Store, scheduler: Scheduler, call: Gate): Transactions {
  const eachApart = scheduler.adversary.halfVisible === 1;
  return {
    read(keys) {
      const sent = keysOfTransaction(keys);
      if (sent.length === 0) return Promise.resolve(keys.map(() => undefined));
      const answer = call({
        kind: 'read',
        label: () => `transactional read ${sent.map(({ table, key }) => showKey(keyText(table, key))).join(' ')}`,
        run: () => store.readAtOnce(sent),
        show: (found) => found.map((item) => (item ? (textOf(item, 'token') ?? 'row') : '-')).join(' '),
      });
      if (sent.length === keys.length && !mayBeUnanswerable(sent.length)) return answer;
      return answer.then((items) => {
        requireAnswerable(items);
        const found = new Map(sent.map(({ table, key }, at) => [keyIdentity(table, key), items[at]]));
        return keys.map(({ table, key }) => found.get(keyIdentity(table, key)));
      });
    },

    write: (asked) => {
      const writes = writesOf(asked);
      if (writes.length === 0) return Promise.resolve(true);
      const label = () => `write ${writes.map(showWrite).join(' ')}`;
      const commit = (): boolean | Later<boolean> => {
        const answer = oddAnswer(scheduler, writes);
        if (answer === 'refused') throw new RefusedError();
        if (answer === 'contended') return false;
        const hazily = writes.length > 1 && scheduler.decisions.chance(scheduler.adversary.halfVisible);
        if (!store.transact(writes, hazily)) return false;
        if (!hazily) return true;
        if (!eachApart) return settleOn(writes);
        store.settle(writes.filter((write) => !isReadPlainly(write)));
        return settleOn(writes.filter(isReadPlainly));
      };
      const settleOn = (left: readonly Write[]): true | Later<boolean> => {
        if (left.length === 0) return true;
        const run = () => {
          const next = left[scheduler.decisions.choose(eachApart ? left.length : 1)];
          store.settle(left.filter((write) => !eachApart || write === next));
          return settleOn(left.filter((write) => eachApart && write !== next));
        };
        return new Later<boolean>({ kind: 'write', label, fenced: true, run });
      };
      // The SDK's second attempt at a transaction is known as such by its client token; that at a single write is not.
      const again = writes.length === 1 ? { again: () => false } : {};
      return call<boolean>({ kind: 'write', label, fenced: writes.some(isConditional), run: commit, ...again });
    },
  };
}

function isConditional(write: Write): boolean {
  if (write.kind !== 'put' && write.kind !== 'delete') return false;
  return write.ifToken !== undefined || (write.kind === 'put' && write.ifAbsent === true);
}

/** Of the rows of transactions, KPI and touched-record rows are also read by plain reads. */
function isReadPlainly(write: Write): boolean {
  return write.table === 'control' && keyOf(write).startsWith('kpi#');
}

function keyOf(write: Write): string {
  return keyText(write.table, write.kind === 'put' ? write.item : write.key);
}

/** The new tables of one process. */
export function newTables(store: Store, scheduler: Scheduler, call: Gate): NewTables {
  return {
    async putData(asked, attempts) {
      const batches = batchesOfPuts(asked);
      for (const batch of batches) requirePuttable('kpiData', batch);
      const rows = batches.flat();
      attempts.requireAllowed();
      // Of a batch any part may be processed, any part may land late, and any part may be refused for now.
      const taken = await Promise.all(
        rows.map((row) =>
          call<boolean>({
            kind: 'write',
            label: () => `put ${showItem(row)}`,
            landsWithinMs: PUT_LANDS_WITHIN_MS,
            unanswered: attempts.unanswered,
            run: () => {
              if (refusesRow(scheduler, row)) return false;
              store.putData(row);
              return true;
            },
            again: (first) => first,
          }),
        ),
      );
      const refused = rows.filter((_, at) => !taken[at]);
      return {
        written: rows.length - refused.length,
        refused: refused.map((row) => ({ of: row, error: new RefusedError() })),
      };
    },

    async readRows(table, ids) {
      const sent = idsOfBatches(table, ids);
      const rows = await call(
        readEach(
          scheduler,
          () => `read rows ${sent.join(' ')}`,
          sent,
          (id) => store.getPlainly(table, id),
          (found) => found.map((row) => (row ? showItem(row) : '-')).join(' '),
        ),
      );
      return new Map(rows.flatMap((row) => (row ? [[idOf(row), row] as const] : [])));
    },

    scan: (table, position) =>
      call({
        kind: 'read',
        label: () => `scan ${table}`,
        run: () => {
          const keys = segmentOf([...store.own[table].keys()], position);
          const page = pageOf(keys, (key) => key, position.cursor, scheduler.adversary.pageItems);
          return {
            items: page.items.map((key) => store.getPlainly(table, key)).filter((item) => item !== undefined),
            ...(page.cursor && { cursor: page.cursor }),
          };
        },
      }),
  };
}
