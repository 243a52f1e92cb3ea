/** A point in time, exact to any number of fraction digits: whole seconds since 1970, and the digits after the point. */
export interface Instant {
  readonly epochSeconds: number;
  /** Fraction digits without trailing zeros; empty for none. */
  readonly fraction: string;
}

const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?)?$/;

/**
 * Reads an ISO 8601 date, or date and time. Without an offset it is taken as UTC, and a date alone as its midnight in UTC.
 *
 * @returns undefined where the text is not one, or names a day or an hour that does not exist.
 */
export function parseInstant(text: string): Instant | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((at) => Number(match[at] ?? 0)) as Numbers;
  const offsetMinutes = Number(match[10] ?? 0) * 60 + Number(match[11] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || Number(match[10] ?? 0) > 18 || Number(match[11] ?? 0) > 59) {
    return undefined;
  }
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offsetSeconds = (match[9] === '-' ? -offsetMinutes : offsetMinutes) * 60;
  return { epochSeconds: date.getTime() / 1000 - offsetSeconds, fraction: (match[7] ?? '').replace(/0+$/, '') };
}

type Numbers = [number, number, number, number, number, number];

/** Negative, zero or positive as the left instant is before, at or after the right one. */
export function compareInstants(left: Instant, right: Instant): number {
  if (left.epochSeconds !== right.epochSeconds) return left.epochSeconds - right.epochSeconds;
  // Digits without trailing zeros compare as text just as the fractions do as numbers.
  return compareText(left.fraction, right.fraction);
}

/** Orders texts by code unit, the same on every machine and in every locale. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
