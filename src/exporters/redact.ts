/** Finds `secrets`, also as JSON and as part of a URL, in either case. The longest first: one may be part of another. */
export function anyOf(secrets: readonly string[]): RegExp {
  const forms = secrets.flatMap((text) => [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])
  const patterns = forms
    .filter((text) => text !== '')
    .sort((a, b) => b.length - a.length)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  // Without any it matches nothing.
  return new RegExp(patterns.join('|') || '(?!)', 'gi')
}
