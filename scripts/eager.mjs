// V8 reads a function when it compiles a file, to find where it ends, and once more to compile it, at its first call. One in
// parentheses it compiles at once, which makes a start two tenths of a millisecond shorter. This is for those that every
// start calls: what is compiled for nothing would make it longer. test/architecture.test.ts compares the list with what V8
// saw run.

/** Functions at the top level of `dist/bundle/main.js`. Methods of classes cannot be among them. */
export const CALLED_BY_START = [
  'attach',
  'attachProbe',
  'checked',
  'claim',
  'either',
  'hostStanding',
  'integer',
  'isRecord',
  'known',
  'labelValue',
  'labelValueFault',
  'load',
  'loadBinding',
  'open',
  'opened',
  'otherHeapProfiler',
  'ownThreadName',
  'prebuildName',
  'prebuildsFolder',
  'reading',
  'record',
  'resolveOptions',
  'sourceMapsEnabled',
  'start',
  'startWith',
  'text',
  'withSharing',
]

/** `code` with these functions in parentheses. No line moves. @param {string} code @param {readonly string[]} names */
export function eager(code, names) {
  return names.reduce((before, name) => {
    const after = before.replace(
      new RegExp(`^(function ${name}\\(.*?^})$`, 'ms'),
      (declared) => `var ${name} = (${declared});`,
    )
    if (after === before) throw new Error(`${name} is no function at the top level`)
    return after
  }, code)
}
