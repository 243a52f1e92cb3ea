import { describe, expect, test } from 'vitest';
import type { Item } from '../../functions/model/attribute-value.ts';
import { type PersonalLink, personalLinkOf } from '../../functions/model/demand.ts';
import { personalLinkId } from '../../functions/model/ids.ts';
import { decidePersonalLink } from '../../functions/sync/personal-link-decision.ts';
import { decodeKpiRow, type KpiHead } from '../../functions/tables/control/kpi-rows.ts';

const KPI = { tenantId: 'tenant', kpiId: 'kpi' };
const ID = personalLinkId(KPI.kpiId);
const NONE = decodeKpiRow(KPI, undefined);
const [early, late] = ['2024-01-01', '2024-02-02'].map((date) => personalLinkOf(KPI, 'person', [date])) as [
  PersonalLink,
  PersonalLink,
];
const having = ({ id, linkedAt }: PersonalLink): KpiHead => ({ ...NONE, token: 'before', personal: { id, linkedAt } });

function decide(head: KpiHead, row: Item | undefined, demanded: PersonalLink | undefined) {
  const { writes, fanOut } = decidePersonalLink(head, row, demanded, { token: 'after', nowSeconds: 7 });
  const [kpiWrite, ...others] = writes;
  if (kpiWrite?.kind !== 'put') throw new Error('The KPI row is always written.');
  const { personal, inlineTombstones, token } = decodeKpiRow(KPI, kpiWrite.item);
  return { personal, gone: inlineTombstones.get(ID), token, ifToken: kpiWrite.ifToken, others, fanOut };
}

describe('a personal link', () => {
  const unchanged = { gone: undefined, token: 'after', others: [], fanOut: false };

  test('comes with its row, and asks for a fan-out', () => {
    const others = [{ kind: 'put', table: 'kpiLinks', item: early.row }];
    const personal = { id: ID, linkedAt: early.linkedAt };
    expect(decide(NONE, undefined, early)).toEqual({ ...unchanged, personal, ifToken: null, others, fanOut: true });
  });

  test('moves only the token where it is right already', () => {
    const personal = { id: ID, linkedAt: early.linkedAt };
    expect(decide(having(early), early.row, early)).toEqual({ ...unchanged, personal, ifToken: 'before' });
  });

  test('gets another date without a fan-out', () => {
    const others = [{ kind: 'put', table: 'kpiLinks', item: early.row }];
    const personal = { id: ID, linkedAt: early.linkedAt };
    expect(decide(having(late), late.row, early)).toEqual({ ...unchanged, personal, ifToken: 'before', others });
  });

  test('goes with its row, leaves a tombstone and asks for a fan-out', () => {
    const others = [{ kind: 'delete', table: 'kpiLinks', key: { id: { S: ID } } }];
    expect(decide(having(early), early.row, undefined)).toEqual({
      ...unchanged,
      ifToken: 'before',
      personal: undefined,
      gone: 7,
      others,
      fanOut: true,
    });
  });

  test("leaves the row of another tenant's KPI alone", () => {
    const row = { ...early.row, tenant_id: { S: 'another' } };
    expect(decide(NONE, row, undefined)).toEqual({ ...unchanged, personal: undefined, ifToken: null });
  });

  test('keeps a fan-out that is still due', () => {
    const head = { ...having(early), fanOutPending: 'before' };
    expect(decide(head, early.row, early).fanOut).toBe(true);
  });
});
