import { type Item, textOf } from './attribute-value.ts';
import type { Warning } from './quarantine-reason.ts';

const LINK_TYPES = new Set(['primary', 'secondary', 'supporting', 'monitoring']);

/** What the new model would refuse of a link that is migrated all the same (tables.md, "Quarantine", last sentence). */
export function linkWarnings(item: Item): Warning[] {
  const warnings: Warning[] = [];
  if (isOutside(item, 'weight', 1)) {
    warnings.push({ code: 'weight-out-of-range', message: 'weight is not between 0 and 1.' });
  }
  if (isOutside(item, 'threshold_pct', 100)) {
    warnings.push({ code: 'threshold-out-of-range', message: 'threshold_pct is not between 0 and 100.' });
  }
  const order = numberOf(item, 'display_order');
  if (order !== undefined && !Number.isInteger(order)) {
    warnings.push({ code: 'display-order-not-integer', message: 'display_order is no integer.' });
  }
  const linkType = textOf(item, 'link_type');
  if (linkType !== undefined && !LINK_TYPES.has(linkType)) {
    warnings.push({ code: 'unknown-link-type', message: 'link_type is none of those the new model knows.' });
  }
  return warnings;
}

/** Only to warn by: the value itself is copied with all its digits. */
function numberOf(item: Item, name: string): number | undefined {
  const value = item[name];
  return value !== undefined && 'N' in value ? Number(value.N) : undefined;
}

function isOutside(item: Item, name: string, max: number): boolean {
  const value = numberOf(item, name);
  return value !== undefined && (value < 0 || value > max);
}
