import type { Item } from '../../model/attribute-value.ts';
import { keyIdentity } from './possible-keys.ts';
import { bytesOf, TRANSACTION_BYTES_MAX, TRANSACTION_ITEMS_MAX, type Write } from './transactions.ts';

/**
 * Cuts work into transactions, as much into each as fits by number and by bytes. The writes of one piece of work are never parted, and no
 * transaction names a row twice. A piece that does not fit at all stands alone.
 */
export function intoTransactions<Work>(
  all: readonly Work[],
  writesOf: (work: Work) => readonly Write[],
  itemsMax = TRANSACTION_ITEMS_MAX,
): Work[][] {
  const transactions: Work[][] = [];
  let rows = new Set<string>();
  let bytes = 0;
  for (const work of all) {
    const writes = writesOf(work);
    const own = new Set(writes.map(rowOf));
    const size = bytesOf(writes);
    const fits = rows.size + own.size <= itemsMax && bytes + size <= TRANSACTION_BYTES_MAX && rows.isDisjointFrom(own);
    const last = transactions.at(-1);
    if (last && fits) {
      last.push(work);
      rows = rows.union(own);
      bytes += size;
    } else {
      transactions.push([work]);
      rows = own;
      bytes = size;
    }
  }
  return transactions;
}

function rowOf(write: Write): string {
  if (write.kind !== 'put') return keyIdentity(write.table, write.key);
  const { id, pk, sk } = write.item;
  return keyIdentity(write.table, write.table === 'control' ? ({ pk, sk } as Item) : ({ id } as Item));
}
