const FLAG = '--enable-source-maps'

/** Whether the calling thread's errors would be told in terms of the original sources. */
export function sourceMapsEnabled(): boolean {
  // Node.js 20.7 has it; the older ones have the flag alone.
  const { sourceMapsEnabled: enabled } = process as { sourceMapsEnabled?: boolean }
  if (typeof enabled === 'boolean') return enabled
  return [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].includes(FLAG)
}
