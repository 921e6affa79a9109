/**
 * What a large heap has beside its work: arrays of 8 KB, as many as make that many megabytes. They live for ever, and
 * building two gigabytes of them takes two seconds; of small records it would take ten.
 * @param {number} megabytes
 */
export function ballast(megabytes) {
  return Array.from({ length: Math.round((megabytes * 1e6) / 8016) }, (_, i) => new Array(1000).fill(i))
}
