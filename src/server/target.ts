/** The path of a request's target, and what is behind its question mark. */
export function partsOf(target: string): { path: string; parameters: string } {
  // A request may hold the whole URL, as it does for a proxy.
  const [, path = '', parameters = ''] = /^(?:https?:\/\/[^/?]*)?([^?]*)\??(.*)$/i.exec(target) ?? []
  return { path: path || '/', parameters }
}
