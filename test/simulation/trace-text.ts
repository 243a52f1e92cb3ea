import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import type { Write } from '../../functions/tables/dynamo/transactions.ts';
import { type Call, Later } from './process.ts';
import { keyText } from './store.ts';

/** An item in a person's words, for the trace. */
export function showItem(item: Item | undefined): string {
  if (item === undefined) return 'nothing';
  const value = item.post_value ?? item.target_value ?? item.actual_value ?? item.value;
  const parts = [textOf(item, 'id'), textOf(item, 'tenant_id'), textOf(item, 'kpi_id'), textOf(item, 'kpi_link_id')];
  return `${parts.filter(Boolean).join('/')}${value && 'N' in value ? `=${value.N}` : ''}`;
}

/** A key of a row, as `keyText` makes it. */
export function showKey(key: string): string {
  return key.replace('\n', ' ');
}

/** One write of a transaction. */
export function showWrite(write: Write): string {
  if (write.kind === 'delete') return `-${showKey(keyText(write.table, write.key))}`;
  if (write.kind === 'absent') return `no ${showKey(keyText(write.table, write.key))}`;
  if (write.kind === 'unchanged') return `same ${showKey(keyText(write.table, write.key))}`;
  if (write.table !== 'control') return `+${showItem(write.item)}${write.ifAbsent ? ' if absent' : ''}`;
  const condition = write.ifToken === undefined ? '' : ` if ${write.ifToken ?? 'absent'}`;
  const { links: list, gone_at: goneAt } = write.item;
  const links = list && 'L' in list ? `[${list.L.map((each) => ('S' in each ? each.S : '')).join(' ')}]` : '';
  if (goneAt !== undefined) return `+${showKey(keyText('control', write.item))} gone`;
  return `+${showKey(keyText('control', write.item))}${links}=${textOf(write.item, 'token') ?? ''}${condition}`;
}

/** What a call did, and its answer. */
export function showCall({ effect }: Call, value: unknown): string {
  const answer = value instanceof Later ? '…' : effect.show ? effect.show(value) : shortly(value);
  return `${effect.label()} → ${answer}`;
}

/** Any answer, cut where it is long. */
function shortly(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
