/** Milliseconds, from a number of seconds or an HTTP date; 0 where it is neither, or past. */
export function waitOf(retryAfter: string): number {
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now()
  return ms > 0 ? ms : 0
}
