import { MigrationError } from '../functions/model/migration-error.ts';
import type { ConsumedUnits } from '../functions/tables/dynamo/consumed-units.ts';
import type { Settings } from '../infra/settings.ts';
import { costAt, type UnitPrices } from './copy/unit-prices.ts';

/** What a million write request units cost on demand, and who says so. */
export interface WritePrice {
  readonly usdPerMillionUnits: number;
  /** `cdk.json`, or the region and the day on which it was read. */
  readonly from: string;
}

interface DatedPrice {
  readonly usdPerMillionWriteUnits: number;
  readonly readOn: string;
}

/**
 * Prices of the regions for which a document was at hand, on the day it was read: for us-east-1 the notes of this project, for the
 * other two AWS's Price List (AmazonDynamoDB, usage type `WriteRequestUnits`, published on 2026-09-11) as others quote it. A
 * region that is not here has none: it is not guessed from another.
 */
const PRICES: Readonly<Record<string, DatedPrice>> = {
  'us-east-1': { usdPerMillionWriteUnits: 0.625, readOn: '2026-11-23' },
  'us-east-2': { usdPerMillionWriteUnits: 0.625, readOn: '2026-09-29' },
  'ap-northeast-1': { usdPerMillionWriteUnits: 0.715, readOn: '2026-09-23' },
};

/** The price that the settings give, else the one that is known for the region; undefined where neither is. Pure. */
export function writePriceOf({ region, backfill }: Pick<Settings, 'region' | 'backfill'>): WritePrice | undefined {
  const { usdPerMillionWriteUnits: given } = backfill;
  if (given !== undefined) return { usdPerMillionUnits: given, from: 'cdk.json' };
  const known = Object.hasOwn(PRICES, region) ? PRICES[region] : undefined;
  return known && { usdPerMillionUnits: known.usdPerMillionWriteUnits, from: `${region}, ${known.readOn}` };
}

/** Undefined where no price of writes is known. Reads count only where the settings have a price of them. Pure. */
export function pricesOf(settings: Pick<Settings, 'region' | 'backfill'>): UnitPrices | undefined {
  const price = writePriceOf(settings);
  const { usdPerMillionReadUnits = 0 } = settings.backfill;
  return price && { usdPerMillionWriteUnits: price.usdPerMillionUnits, usdPerMillionReadUnits };
}

/** What these units cost, or undefined where no price of writes is known. */
export function costOf(
  settings: Pick<Settings, 'region' | 'backfill'>,
): ((units: ConsumedUnits) => number) | undefined {
  const prices = pricesOf(settings);
  return prices && ((units) => costAt(prices, units));
}

/** @throws MigrationError `SETTINGS_BUDGET` */
export function requirePrice(settings: Pick<Settings, 'region' | 'backfill'>, budgetUsd: number | undefined): void {
  if (budgetUsd === undefined || costOf(settings) !== undefined) return;
  const message = `No price is known for ${settings.region}, so a budget of ${budgetUsd} USD cannot be kept.`;
  throw new MigrationError('SETTINGS_BUDGET', message, {
    nextStep: 'Set backfill.usdPerMillionWriteUnits in cdk.json to the price of the region, or leave the budget out.',
  });
}

const MILLION = 1_000_000;

export function usdOf(writeUnits: number, { usdPerMillionUnits }: WritePrice): number {
  return (writeUnits / MILLION) * usdPerMillionUnits;
}

/** `1.25 USD at 0.625 USD a million write units (us-east-1, 2026-11-23)`, or why there is none. */
export function describeMoney(writeUnits: number, settings: Pick<Settings, 'region' | 'backfill'>): string {
  const price = writePriceOf(settings);
  if (price === undefined) {
    return `no price is known for ${settings.region}: set backfill.usdPerMillionWriteUnits in cdk.json`;
  }
  const usd = usdOf(writeUnits, price);
  const shown = usd > 0 && usd < 0.01 ? 'less than 0.01' : usd.toFixed(2);
  return `${shown} USD at ${price.usdPerMillionUnits} USD a million write units (${price.from})`;
}
