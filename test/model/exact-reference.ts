/**
 * A decimal number as a whole multiple of 10^-400, by BigInt: what the product's arithmetic on texts is compared with.
 * Takes exponents from -300 to 300.
 */
export function exactNumber(text: string): bigint {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const negative = mantissa.startsWith('-');
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.');
  const scale = 400 + Number(exponent) - fraction.length;
  const magnitude = BigInt(`${whole}${fraction}`) * 10n ** BigInt(scale);
  return negative ? -magnitude : magnitude;
}

/** What an instant is spelled from. */
export interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Up to twelve digits. */
  readonly fraction: string;
  readonly offsetMinutes: number;
}

/** Picoseconds since 1970, by counting the calendar's days without the Date of the language. */
export function exactInstant(time: CivilTime): bigint {
  let days = time.day - 1;
  for (let month = 1; month < time.month; month += 1) days += daysOfMonth(time.year, month);
  const before = time.year - 1;
  days += before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 719_162;
  const seconds = ((days * 24 + time.hour) * 60 + time.minute - time.offsetMinutes) * 60 + time.second;
  return BigInt(seconds) * 10n ** 12n + BigInt(time.fraction.padEnd(12, '0'));
}

export function daysOfMonth(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}
