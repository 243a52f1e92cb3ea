import type { AttributeValue, Item } from '../model/attribute-value.ts';

/** One attribute of a row made wrong. */
export interface AttributeFault {
  readonly name: string;
  readonly attribute: string;
  readonly row: Item;
}

/** Every way in which one attribute of a row can be wrong: another value, another type, absent, or one too many. */
export function attributeFaults(row: Item): AttributeFault[] {
  const faults = Object.entries(row)
    .filter(([attribute]) => attribute !== 'id')
    .flatMap(([attribute, value]) => {
      const { [attribute]: _, ...without } = row;
      return [
        { name: `${attribute} changed`, attribute, row: { ...row, [attribute]: changed(value) } },
        { name: `${attribute} of another type`, attribute, row: { ...row, [attribute]: retyped(value) } },
        { name: `${attribute} absent`, attribute, row: without },
      ];
    });
  return [...faults, { name: 'an attribute too many', attribute: 'surplus', row: { ...row, surplus: { S: '' } } }];
}

/** A text with one more character, a number with another last digit, a flag turned. */
export function changed(value: AttributeValue): AttributeValue {
  if ('S' in value) return { S: `${value.S}~` };
  if ('N' in value) return { N: withAnotherLastDigit(value.N) };
  if ('BOOL' in value) return { BOOL: !value.BOOL };
  return { NULL: true };
}

function withAnotherLastDigit(number: string): string {
  const [, mantissa = '', exponent = ''] = /^([^eE]*)(.*)$/.exec(number) ?? [];
  const last = Number(mantissa.at(-1));
  return `${mantissa.slice(0, -1)}${last === 9 ? 8 : last + 1}${exponent}`;
}

function retyped(value: AttributeValue): AttributeValue {
  if ('N' in value) return { S: value.N };
  if ('BOOL' in value) return { N: value.BOOL ? '1' : '0' };
  return { N: '0' };
}
