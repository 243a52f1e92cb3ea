import { closestMatch } from 'leven';

/** Shorter beginnings of a name fit too many names. */
const BEGINNING_LENGTH_MIN = 4;

/** The name that was probably meant; undefined if none is near. Pure. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const plainGiven = plain(given);
  const byPlainName = new Map(names.map((name) => [plain(name), name]));
  const exact = byPlainName.get(plainGiven);
  if (exact !== undefined) return exact;
  const longer = names.filter((name) => isBeginning(plainGiven, plain(name)));
  if (longer.length === 1) return longer[0];
  const maxDistance = Math.max(2, Math.ceil(plainGiven.length / 3));
  // With all letters wrong it is another word.
  const near = closestMatch(plainGiven, [...byPlainName.keys()], { maxDistance });
  return near !== undefined && near.length > maxDistance ? byPlainName.get(near) : undefined;
}

/** ` Did you mean NAME?`, or nothing. */
export function didYouMean(given: string, names: readonly string[], prefix = ''): string {
  const name = nearestName(given, names);
  return name === undefined ? '' : ` Did you mean ${prefix}${name}?`;
}

function isBeginning(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length >= BEGINNING_LENGTH_MIN && long.startsWith(short);
}

/** Without what spellings differ in: `batch_size` is `batchSize`. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}
