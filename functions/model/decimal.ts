/** A decimal number, exactly: 0.`digits` × 10^`exponent`. Zero has no digits and no sign. */
interface Decimal {
  readonly negative: boolean;
  /** Without zeros at either end. */
  readonly digits: string;
  readonly exponent: number;
}

const PATTERN = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

function parseDecimal(text: string): Decimal | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const all = whole + fraction;
  const withoutLeading = all.startsWith('0') ? all.replace(/^0+/, '') : all;
  const digits = withoutLeading.endsWith('0') ? withoutLeading.replace(/0+$/, '') : withoutLeading;
  if (digits === '') return { negative: false, digits, exponent: 0 };
  return { negative: sign === '-', digits, exponent: Number(exponent) + withoutLeading.length - fraction.length };
}

/**
 * A number in one spelling, exactly: sign, significant digits, exponent. `1.0`, `1` and `10e-1` are the same, and so are
 * `-0` and `0`, as they are for DynamoDB. A text that is no number is returned as it is.
 */
export function canonicalNumber(text: string): string {
  const decimal = parseDecimal(text);
  if (decimal === undefined) return text;
  if (decimal.digits === '') return '0';
  return `${decimal.negative ? '-' : ''}${decimal.digits}e${decimal.exponent - decimal.digits.length}`;
}

/** Most significant digits of a number that DynamoDB stores, and the exponents of its first digit (Developer Guide, "Constraints in Amazon DynamoDB", number). */
const DIGITS_MAX = 38;
const EXPONENT = { least: -130, most: 125 } as const;

/** Whether a text is a number that DynamoDB can store. */
export function isStorableNumber(text: string): boolean {
  const decimal = parseDecimal(text);
  if (decimal === undefined) return false;
  const firstExponent = decimal.exponent - 1;
  return (
    decimal.digits === '' ||
    (decimal.digits.length <= DIGITS_MAX && firstExponent >= EXPONENT.least && firstExponent <= EXPONENT.most)
  );
}

/** Whether the number is below 0 or above 10 to the power given, to its last digit. */
export function isOutsideZeroTo(text: string, power: number): boolean {
  const decimal = parseDecimal(text);
  if (decimal === undefined || decimal.digits === '') return false;
  if (decimal.negative) return true;
  // 10^power is 0.1 × 10^(power + 1): of the numbers with its exponent, it is the smallest.
  return decimal.exponent > power + 1 || (decimal.exponent === power + 1 && decimal.digits !== '1');
}

/** Whether the number has no fraction, to its last digit. */
export function isInteger(text: string): boolean {
  const decimal = parseDecimal(text);
  return decimal !== undefined && decimal.exponent >= decimal.digits.length;
}
