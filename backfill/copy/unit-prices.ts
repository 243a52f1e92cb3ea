import type { ConsumedUnits } from '../../functions/tables/dynamo/consumed-units.ts';

/** What a million units cost. */
export interface UnitPrices {
  readonly usdPerMillionWriteUnits: number;
  readonly usdPerMillionReadUnits: number;
}

const MILLION = 1_000_000;

/** What these units cost. */
export function costAt({ usdPerMillionWriteUnits, usdPerMillionReadUnits }: UnitPrices, units: ConsumedUnits): number {
  return (units.writeUnits * usdPerMillionWriteUnits + units.readUnits * usdPerMillionReadUnits) / MILLION;
}
