import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { unreadableExport } from './export-error.ts';

const LF = 0x0a;

/** An item of 400 KB is a few megabytes as JSON at most: six bytes for a control character, a type around every value. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** A line of a file, without its end. */
export interface Line {
  /** Of the first line: 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a compressed text, one after another, but for empty ones. A line ends with LF and with nothing else: JSON may
 * hold U+2028 and U+2029 as they are, at which `node:readline` splits (RFC 8259, section 7).
 *
 * @throws MigrationError EXPORT_UNREADABLE with the file and the line that was being read.
 */
export async function* gunzippedLines(path: string): AsyncGenerator<Line> {
  let number = 1;
  let parts: Buffer[] = [];
  let bytes = 0;
  const add = (part: Buffer): void => {
    bytes += part.length;
    if (bytes > LINE_BYTES_MAX) throw new RangeError(`It is longer than ${LINE_BYTES_MAX} bytes.`);
    parts.push(part);
  };
  /** Decoded whole, since a character may be cut at the end of a part. */
  const take = (): Line => {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
    parts = [];
    bytes = 0;
    return { number, text };
  };
  try {
    for await (const chunk of gunzipped(path)) {
      let start = 0;
      for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
        add(chunk.subarray(start, end));
        const line = take();
        if (line.text.trim() !== '') yield line;
        number += 1;
        start = end + 1;
      }
      add(chunk.subarray(start));
    }
    const last = take();
    if (last.text.trim() !== '') yield last;
  } catch (cause) {
    throw unreadableExport(path, `line ${number} cannot be read`, cause);
  }
}

/** Several compressed texts in one file are one text (RFC 1952, section 2.2). A fault of the file ends the iteration, too. */
async function* gunzipped(path: string): AsyncGenerator<Buffer> {
  // An export has an empty file for a partition without items (Developer Guide, "DynamoDB table export output format").
  if ((await stat(path)).size > 0) yield* pipeline(createReadStream(path), createGunzip(), () => {});
}
