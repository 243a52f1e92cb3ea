const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A duration for a person, in its two largest units: `2 d 3 h`, `4 min 5 s`, `0 s`. */
export function describeDuration(milliseconds: number): string {
  let restMs = Math.max(0, Math.round(milliseconds / 1_000) * 1_000);
  const parts: string[] = [];
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0 || (parts.length === 0 && unit === 's')) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    restMs -= count * unitMs;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
