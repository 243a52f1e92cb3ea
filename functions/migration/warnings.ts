import { type Item, textOf } from '../model/attribute-value.ts';
import { isInteger, isOutsideZeroTo } from '../model/decimal.ts';
import type { Warning } from './quarantine-reason.ts';

/** Of each link of a KPI and goal but the first in the anchor's order. */
export const SECOND_LINK = {
  code: 'second-link-to-goal',
  message: 'The KPI has another link to the same goal.',
} as const satisfies Warning;

const LINK_TYPES = new Set(['primary', 'secondary', 'supporting', 'monitoring']);

/** What the new model would refuse of a link that is migrated all the same (tables.md, "Quarantine", last sentence). */
export function linkWarnings(item: Item): Warning[] {
  const warnings: Warning[] = [];
  const weight = digitsOf(item, 'weight');
  if (weight !== undefined && isOutsideZeroTo(weight, 0)) {
    warnings.push({ code: 'weight-out-of-range', message: 'weight is not between 0 and 1.' });
  }
  const threshold = digitsOf(item, 'threshold_pct');
  if (threshold !== undefined && isOutsideZeroTo(threshold, 2)) {
    warnings.push({ code: 'threshold-out-of-range', message: 'threshold_pct is not between 0 and 100.' });
  }
  const order = digitsOf(item, 'display_order');
  if (order !== undefined && !isInteger(order)) {
    warnings.push({ code: 'display-order-not-integer', message: 'display_order is no integer.' });
  }
  const linkType = textOf(item, 'link_type');
  if (linkType !== undefined && !LINK_TYPES.has(linkType)) {
    warnings.push({ code: 'unknown-link-type', message: 'link_type is none of those the new model knows.' });
  }
  return warnings;
}

function digitsOf(item: Item, name: string): string | undefined {
  const value = item[name];
  return value !== undefined && 'N' in value ? value.N : undefined;
}
