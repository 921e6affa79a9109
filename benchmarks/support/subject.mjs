// A process to be watched from outside: `node subject.mjs SETUP WISHES`. Says on stdout when it is ready, and sleeps
// until its stdin ends. What watches it costs it nothing, then.
import { emit } from './emit.mjs'
import { setUp } from './setups.mjs'

const [name, wishes] = process.argv.slice(2)
const outcome = await setUp(name, JSON.parse(wishes))
process.stdin.on('end', () => process.exit()).resume()
emit({ url: typeof outcome === 'string' ? outcome : undefined })
