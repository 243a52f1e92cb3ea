/** A point in time, exact to any number of fraction digits: whole seconds since 1970, and the digits after the point. */
export interface Instant {
  readonly epochSeconds: number;
  /** Fraction digits without trailing zeros; empty for none. */
  readonly fraction: string;
}

/** The forms of a link's date in tables.md; a fraction's point may be a comma and `Z` a small letter, as ISO 8601 and RFC 3339 have it. */
const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:[Zz]|([+-])(\d{2})(?::?(\d{2}))?)?)?$/;

/** No place on earth is further off than 14 hours; beyond 18 it is a slip of the pen. */
const OFFSET_HOURS_MAX = 18;

/**
 * Reads an ISO 8601 date, or date and time. Without an offset it is taken as UTC, and a date alone as its midnight in UTC.
 * 24:00 is the end of its day. A leap second is none: service clocks do not tell it, and there is no order for it.
 *
 * @returns undefined where the text is not one, or names a day or an hour that does not exist.
 */
export function parseInstant(text: string): Instant | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const numberAt = (group: number): number => Number(match[group] ?? 0);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(numberAt) as Numbers;
  const fraction = withoutTrailingZeros(match[7] ?? '');
  const [offsetHours, offsetMinutes] = [numberAt(9), numberAt(10)];
  const isEndOfDay = hour === 24 && minute === 0 && second === 0 && fraction === '';
  if ((hour > 23 && !isEndOfDay) || minute > 59 || second > 59) return undefined;
  if (offsetHours > OFFSET_HOURS_MAX || offsetMinutes > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second);
  const offsetSeconds = (offsetHours * 60 + offsetMinutes) * (match[8] === '-' ? -60 : 60);
  return { epochSeconds: date.getTime() / 1000 - offsetSeconds, fraction };
}

/** In one pass: a pattern would try each of 400,000 zeros again. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
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
