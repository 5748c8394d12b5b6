interface Step {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
  /** How many lines of either side come before it. */
  readonly before: readonly [number, number];
}

const CONTEXT = 3;

/**
 * The difference of two texts in the form of `diff -u`, without a head; "" for equal ones. Made for messages: it compares
 * every line with every other, so texts should have a few hundred lines at most.
 */
export function unifiedDiff(before: string, after: string): string {
  const steps = compare(before.split('\n'), after.split('\n'));
  const changed = steps.flatMap((step, i) => (step.kind === ' ' ? [] : [i]));
  const hunks: [number, number][] = [];
  for (const i of changed) {
    const last = hunks.at(-1);
    if (last && i - last[1] <= 2 * CONTEXT) last[1] = i;
    else hunks.push([i, i]);
  }
  return hunks.map(([first, last]) => print(steps.slice(Math.max(first - CONTEXT, 0), last + CONTEXT + 1))).join('');
}

function print(steps: readonly Step[]): string {
  const [a, b] = steps[0]?.before ?? [0, 0];
  const range = (start: number, count: number) => (count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`);
  const count = (kind: '-' | '+') => steps.filter((s) => s.kind === ' ' || s.kind === kind).length;
  const head = `@@ -${range(a, count('-'))} +${range(b, count('+'))} @@\n`;
  return head + steps.map((s) => `${s.kind}${s.line}\n`).join('');
}

/** The shortest way from one list to the other, by the longest common subsequence. */
function compare(a: readonly string[], b: readonly string[]): Step[] {
  const width = b.length + 1;
  // common[i * width + j]: lines that a from i on and b from j on have in common
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const steps: Step[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const before = [i, j] as const;
    if (i < a.length && j < b.length && a[i] === b[j]) {
      steps.push({ kind: ' ', line: a[i++] ?? '', before });
      j++;
    } else if (j === b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) steps.push({ kind: '-', line: a[i++] ?? '', before });
    else steps.push({ kind: '+', line: b[j++] ?? '', before });
  }
  return steps;
}
