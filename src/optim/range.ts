/** Checks that a hyper-parameter is finite and low ≤ value ≤ high, or value < high with `below`. */
export function checkRange(
  value: number,
  name: string,
  {
    who,
    low = 0,
    high = Infinity,
    below = false,
  }: { who: string; low?: number; high?: number; below?: boolean },
): void {
  if (
    typeof value === 'number' &&
    value >= low &&
    value < Infinity &&
    (below ? value < high : value <= high)
  )
    return;
  const bounds =
    high === Infinity ? `a number ≥ ${low}` : `${low} ≤ ${name} ${below ? '<' : '≤'} ${high}`;
  throw new RangeError(`${who}: ${name} is ${value}, expected ${bounds}`);
}
