// The addon itself, for figures that the public API does not show.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** @returns {import('../../dist/probe/binding.js').Binding} */
export function loadBinding() {
  const { binding, reason } = require('../../dist/probe/load.js').loadBinding()
  if (binding === undefined) throw new Error(`no addon: ${reason}`)
  return binding
}

/** The calling thread's block, and where in it `name` is. @param {string} name */
export function slotOf(name) {
  const at = require('../../dist/probe/layout.js').Slot[name]
  if (at === undefined) throw new Error(`the block has no slot ${name}`)
  return { block: new Float64Array(loadBinding().attach(0, 'main')), at }
}
