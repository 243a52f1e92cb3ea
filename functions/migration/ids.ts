import { parse, v5 as uuidV5 } from 'uuid';

/** The namespace of every id that the migration makes (tables.md, "Ids"). */
export const ID_NAMESPACE = '9b3c1f0e-6d0a-5c39-9f5e-2f1d7b8a4c61';

const NAMESPACE_BYTES = parse(ID_NAMESPACE);

/** The id of a record's row under a link that is not the anchor. */
export function fanOutRowId(recordId: string, linkId: string): string {
  return idOf(`${recordId}/${linkId}`);
}

/** The id of the link that a KPI with records but no link gets (tables.md, "Held records"). */
export function personalLinkId(kpiId: string): string {
  return idOf(`${kpiId}/personal`);
}

/** By the name's UTF-8 bytes, which the library takes much faster than the text. */
function idOf(name: string): string {
  return uuidV5(Buffer.from(name), NAMESPACE_BYTES);
}
