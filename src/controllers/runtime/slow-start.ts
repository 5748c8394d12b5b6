/**
 * Calls `fn` `count` times in batches of 1, 2, 4, 8 …, the calls of a batch at once. After a batch with a failure no
 * further batch begins: where all would fail for the same reason (a quota), few are tried.
 * @returns how many calls succeeded, and the first error
 */
export async function slowStart(count: number, fn: () => Promise<void>): Promise<{ succeeded: number; error?: unknown }> {
  let succeeded = 0;
  for (let size = 1, left = count; left > 0; left -= size, size *= 2) {
    size = Math.min(size, left);
    const results = await Promise.allSettled(Array.from({ length: size }, fn));
    const failed = results.find((r) => r.status === 'rejected');
    succeeded += results.filter((r) => r.status === 'fulfilled').length;
    if (failed) return { succeeded, error: failed.reason };
  }
  return { succeeded };
}
