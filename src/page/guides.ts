import type { Subject, Verdict, Word } from '../core/status'
import { h, replace, the } from './dom'
import { glyph } from './glyphs'

/** What a word means, and what to do about it; docs/reading-the-charts.md at length. */
export interface Guide {
  readonly means: string
  /** What to look at on this page. */
  readonly look: string
  readonly todo: readonly string[]
  /** What to type, and what for. */
  readonly commands?: readonly { readonly why: string; readonly run: string }[]
  /** What looks the same and is not. */
  readonly mistaken?: string
}

const NOTHING = 'Nothing: this is as it should be.'
const WAIT =
  'Wait, and look again. With an interval of ten seconds most need a minute, and what major collections leave needs six of them.'

const SNAPSHOTS = [
  {
    why: 'Let the service write a heap snapshot when it is told to',
    run: 'node --heapsnapshot-signal=SIGUSR2 app.js',
  },
  { why: 'Under load, twice, some minutes apart', run: 'kill -USR2 <pid>' },
] as const
const HEAP_PROFILE = [
  { why: 'Write a profile of what allocates, when the process ends', run: 'node --heap-prof app.js' },
] as const
const CPU_PROFILE = [
  { why: 'Write a profile of what runs, when the process ends', run: 'node --cpu-prof app.js' },
] as const
const ALLOCATE_LESS = [
  'Load the profile in the memory panel of Chrome\u2019s developer tools: it names the functions that allocate most.',
  'Make large things once and keep them, drop them before you wait for something, read large input as a stream.',
] as const
const KEEP_LESS = [
  'How long a major collection takes goes by how much is alive. Keep less: bound caches, let go of what was answered.',
  'Data that must stay, and is large, is cheaper in Buffers or typed arrays: the collector does not look into them.',
] as const
const UNBLOCK = [
  'The stack of the stall says where: press it in the list, or its band on a chart.',
  'Use a better algorithm, cut the work into pieces with setImmediate between, move it to a worker thread, or refuse input that is too large.',
  'Where the cause is \u201ca synchronous native call\u201d: use the asynchronous function of the same name.',
] as const
const MINOR =
  'Many minor collections of little time are normal. Pauses are long where much is alive at each collection: that shows in the verdict on pauses.'
const CAUSES =
  'A stall whose cause is garbage collection is pressure on the collector, and no slow code of yours.'

export const GUIDES: { readonly [S in Subject]: Readonly<Record<Word<S>, Guide>> } = {
  gc: {
    light: {
      means:
        'Collections take less than a tenth of the time of the main thread, and major ones are more than a second apart.',
      look: 'Time in collections: the share that each sample saw.',
      todo: [NOTHING, MINOR],
    },
    frequent: {
      means:
        'One major collection a second or more, though they take little time: the heap is small for what is made in it.',
      look: 'Collections by reason says why V8 collects. Heap says whether it is near its limit, or filled and emptied by large objects.',
      todo: ['Find what allocates.', ...ALLOCATE_LESS],
      commands: HEAP_PROFILE,
      mistaken:
        'Code that calls gc(), and a heap near its limit: V8 then collects again and again and wins little.',
    },
    noticeable: {
      means:
        'Collections take a tenth of the time of the main thread or more: so much is missing for requests.',
      look: 'Allocation, and what is reclaimed of it at once. If the line \u201clive\u201d of the heap stays level, this is no leak.',
      todo: ['Find what allocates.', ...ALLOCATE_LESS, MINOR],
      commands: HEAP_PROFILE,
      mistaken: 'A heap near its limit: the verdict on the heap says so.',
    },
    heavy: {
      means:
        'Collections take a quarter of the time of the main thread or more: the service is busy with its own garbage.',
      look: 'Allocation is high and most of it is reclaimed at once, or the heap is near its limit. Stalls in these minutes are the same trouble from another side.',
      todo: ['Find what allocates.', ...ALLOCATE_LESS],
      commands: HEAP_PROFILE,
      mistaken:
        'A heap near its limit: the verdict on the heap says so. Then give it more, or keep less on it.',
    },
    unknown: {
      means: 'Rates need two samples, three seconds apart.',
      look: 'The charts fill meanwhile.',
      todo: [WAIT],
    },
  },
  pause: {
    none: {
      means: 'There was no collection in this time.',
      look: 'The heap rises until there is one.',
      todo: [NOTHING],
    },
    excellent: {
      means: 'A pause is shorter than a millisecond on average.',
      look: 'Pauses, minor and major.',
      todo: [NOTHING],
    },
    normal: {
      means: 'A pause is shorter than ten milliseconds on average: nobody who waits for an answer notices.',
      look: 'Pauses, minor and major: p99 and max say how long the few long ones are.',
      todo: [NOTHING],
    },
    'long at times': {
      means:
        'Pauses are short on average, and one of the last minute took more than a tenth of a second. All requests of that moment waited for it.',
      look: 'Pauses, major: max. A triangle on the heap\u2019s chart is a major collection.',
      todo: KEEP_LESS,
      commands: SNAPSHOTS,
      mistaken: 'A machine that had no processor for this thread: a pause is measured by the clock.',
    },
    long: {
      means: 'A pause takes ten milliseconds or more on average.',
      look: 'Whether it is minor or major ones. Long minor ones: much survives, since it is kept while something else is waited for.',
      todo: [...KEEP_LESS, 'Drop what a request needs no more before it waits for somebody else.'],
      commands: [...HEAP_PROFILE, ...SNAPSHOTS],
      mistaken: 'A machine that had no processor for this thread: a pause is measured by the clock.',
    },
    problem: {
      means:
        'A pause takes more than a tenth of a second on average: each is felt by whoever waits for an answer.',
      look: 'Heap: how much is alive. Pauses: which kind is long.',
      todo: [...KEEP_LESS, 'Share the work among more processes, each with a smaller heap.'],
      commands: SNAPSHOTS,
      mistaken: 'A machine that swaps: collections touch all of the heap. See Memory.',
    },
    unknown: {
      means: 'Rates need two samples, three seconds apart.',
      look: 'The charts fill meanwhile.',
      todo: [WAIT],
    },
  },
  heap: {
    steady: {
      means:
        'The heap hardly moves: what collections leave does not rise, and there is little garbage on top of it.',
      look: 'Heap: the line \u201clive\u201d is what each major collection left.',
      todo: [NOTHING],
    },
    sawtooth: {
      means:
        'The heap rises as code allocates and falls at collections, and what they leave does not keep rising. So does every healthy service.',
      look: 'Heap: the line \u201clive\u201d stays where it is.',
      todo: [NOTHING],
    },
    leaking: {
      means:
        'What major collections leave goes up from each to the next, beyond noise and chance: something is kept that should not be.',
      look: 'Heap: the line \u201clive\u201d. Heap objects: rising together with it, it is objects that are kept. A rise of \u201cused\u201d alone is no leak.',
      todo: [
        'Take two heap snapshots under load, some minutes apart. Each stops the process for a while.',
        'Load both in the memory panel of Chrome\u2019s developer tools, and compare: what the second has more of is kept by something, and Retainers says by what.',
      ],
      commands: SNAPSHOTS,
      mistaken:
        'A cache that fills, or load that rises, until it ends. The verdict says what the figures do, not why: look again when the cache is full.',
    },
    'near its limit': {
      means:
        'The heap or the process is close to what it may not grow beyond. Beyond the heap\u2019s limit Node.js ends the process, beyond the container\u2019s the kernel does.',
      look: 'Heap and Memory, with their limits beside the legend. Near the limit collections are frequent and win little.',
      todo: [
        'Keep less on the heap: bound caches, let go of what was answered.',
        'Or raise the limit, where there is memory: the process needs more than its heap, so leave a quarter of the container to the rest.',
      ],
      commands: [{ why: 'A heap of 2 GiB', run: 'node --max-old-space-size=2048 app.js' }, ...SNAPSHOTS],
      mistaken: 'A leak on its way there: it is told as leaking once it shows beyond noise.',
    },
    unknown: {
      means: 'Garbage cannot be told from a leak yet: only what major collections leave says which it is.',
      look: 'Heap: triangles are major collections.',
      todo: [WAIT],
    },
  },
  resources: {
    stable: {
      means: 'The handles and requests that keep the loop alive are not becoming more.',
      look: 'Active resources.',
      todo: [NOTHING],
    },
    leaking: {
      means:
        'Handles and requests become more and more: sockets, files, servers or timers that are opened and never closed.',
      look: 'Active resources, and File descriptors: rising together, they are sockets or files.',
      todo: [
        'Let offloop count them by type: the chart \u201cActive resources by type\u201d then says what to look for.',
        'Look for responses whose body nobody reads, connections that are not given back to their pool, streams without pipeline(), timers without clearInterval().',
      ],
      commands: [
        { why: 'Count them by type, in the options of start()', run: 'resourcesByType: true' },
        { why: 'See what the process has open', run: 'ls -l /proc/<pid>/fd' },
      ],
      mistaken: 'Load that rises: it ends, and so does the rise.',
    },
    unknown: { means: 'A rise is told by twelve samples.', look: 'The charts fill meanwhile.', todo: [WAIT] },
  },
  loop: {
    free: {
      means: 'The event loop waits for something to do most of the time.',
      look: 'Loop utilization, Loop turns.',
      todo: [NOTHING],
    },
    busy: {
      means:
        'The event loop works for seven tenths of the time or more. From nine on whatever comes in has to queue.',
      look: 'Loop utilization, and CPU: if it is one processor, all of it is this thread. Loop delay says how long others wait.',
      todo: [
        'It turns, and stalls nobody for long: it has too much to do. Find what takes the time.',
        'Give it less to do, move work to worker threads, or share it among more processes.',
      ],
      commands: CPU_PROFILE,
      mistaken:
        'Pressure on the collector: its time is the loop\u2019s time too. See the verdict on collections.',
    },
    stalled: {
      means:
        'The event loop is stuck in one turn at this moment: nothing is answered meanwhile. This page goes on, since another thread serves it.',
      look: 'Stalls: the ongoing one, with the function that it is in.',
      todo: UNBLOCK,
      commands: CPU_PROFILE,
      mistaken: CAUSES,
    },
    'stalled lately': {
      means:
        'In the last minute a turn took as long as a stall, or longer. Everything that came in then waited for it.',
      look: 'Stalls, and their bands on all charts: what else happened then is right there.',
      todo: UNBLOCK,
      commands: CPU_PROFILE,
      mistaken: CAUSES,
    },
    unknown: {
      means: 'The loop\u2019s share of time needs two samples, three seconds apart.',
      look: 'The charts fill meanwhile.',
      todo: [WAIT],
    },
  },
}

/** In the dialog: what the verdict says, what that means, and what to do. */
export function openGuide(title: string, { id, level, word, text, advice, reference }: Verdict): void {
  const guide = (GUIDES[id] as Readonly<Record<string, Guide>> | undefined)?.[word]
  the('sheet-title').textContent = `${title}: ${word}`
  const part = (name: string, ...content: Node[]) => [h('h3', {}, name), ...content]
  replace(the('sheet-body'), [
    h('p', { class: `says ${level}` }, glyph(level), h('span', {}, text)),
    ...(reference === undefined ? [] : [h('p', { class: 'quiet' }, reference)]),
    ...(guide === undefined
      ? part('What to do', h('p', {}, advice))
      : [
          ...part('What it means', h('p', {}, guide.means)),
          ...part('What to look at', h('p', {}, guide.look)),
          ...part(
            'What to do',
            h('ul', { class: 'todo' }, ...guide.todo.map((one) => h('li', {}, one))),
            ...(guide.commands ?? []).map(({ why, run }) =>
              h('div', { class: 'command' }, h('span', {}, why), h('code', {}, run)),
            ),
          ),
          ...(guide.mistaken === undefined
            ? []
            : part('What else looks like it', h('p', {}, guide.mistaken))),
        ]),
  ])
  the<HTMLDialogElement>('sheet').showModal()
}
