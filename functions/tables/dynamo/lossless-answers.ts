/** The part of the SDK's JSON protocol that turns an answer's parsed text into items. */
interface AnswerReader {
  _read(schema: unknown, value: unknown): unknown;
}

const PROTO = '__proto__';
/** Any name will do that no object inherits. */
const STAND_IN = 'attribute';

/**
 * Lets a client read attributes named `__proto__`, which DynamoDB stores like any other. `JSON.parse` gives them as own
 * properties; the SDK's reader (JsonShapeDeserializer2 of @smithy/core, `writeKey`) then clears the value before it reads
 * it, so that the answer has the name with `undefined` in place of the value.
 *
 * @param client of DynamoDB or of its streams.
 */
export function readProtoAttributes(client: { readonly config: { readonly protocol: unknown } }): void {
  const { deserializer } = client.config.protocol as { deserializer: AnswerReader };
  const read = deserializer._read.bind(deserializer);
  deserializer._read = (schema, value) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, PROTO)) return read(schema, value);
    const { [PROTO]: attribute, ...others } = value as Record<string, unknown>;
    const answer = read(schema, others) as object;
    const { [STAND_IN]: known } = read(schema, { [STAND_IN]: attribute }) as Record<string, unknown>;
    return Object.defineProperty(answer, PROTO, { value: known, enumerable: true, configurable: true, writable: true });
  };
}
