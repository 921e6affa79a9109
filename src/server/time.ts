const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(?:Z|([+ -])([01]\d|2[0-3]):([0-5]\d))$/

/** As far from the epoch as a Date reaches. */
const MAX_MS = 8.64e15

/** Milliseconds since the epoch of an RFC 3339 time, or of their number; undefined where `text` is neither. */
export function parseTime(text: string): number | undefined {
  if (/^\d{1,16}(\.\d{1,9})?$/.test(text)) return Number(text) <= MAX_MS ? Number(text) : undefined
  const [, local, fraction = '', sign, hours = '0', minutes = '0'] = RFC_3339.exec(text.toUpperCase()) ?? []
  if (local === undefined) return undefined
  const seconds = new Date(`${local}Z`)
  // Date rolls February 30th and 24:00 over to the next day, and does not know of leap seconds.
  if (Number.isNaN(seconds.getTime()) || !seconds.toISOString().startsWith(local)) return undefined
  // In a query string a plus sign that was not escaped is a space.
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  return seconds.getTime() + Number(`0${fraction}`) * 1000 - offset
}
