// Strict readers of what we expose, after the specifications of the two formats and not after our code. More is refused
// than the formats refuse: what they allow and we never write (timestamps, exemplars, blank lines) is a fault too.

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string | undefined
  readonly unit: string | undefined
  readonly samples: readonly Sample[]
}

interface Rules {
  /** What a sample's name may add to its family's, by type. */
  readonly suffixes: Readonly<Record<string, readonly string[]>>
  /** Names that no other family may have, by type: they could become samples. */
  readonly reserved: Readonly<Record<string, readonly string[]>>
  readonly metadata: readonly string[]
  readonly helpEscapes: RegExp
  check(family: Family): void
}

const TEXT: Rules = {
  suffixes: { gauge: [''], counter: [''], untyped: [''], histogram: ['_bucket', '_sum', '_count'] },
  reserved: { gauge: [''], counter: [''], untyped: [''], histogram: ['', '_bucket', '_sum', '_count'] },
  metadata: ['HELP', 'TYPE'],
  helpEscapes: /^(?:[^\\]|\\\\|\\n)*$/,
  check: () => {},
}

const OPEN_METRICS: Rules = {
  suffixes: { gauge: [''], counter: ['_total'], unknown: [''], histogram: ['_bucket', '_sum', '_count'] },
  reserved: {
    gauge: [''],
    counter: ['', '_total', '_created'],
    unknown: [''],
    histogram: ['', '_bucket', '_sum', '_count', '_created'],
  },
  metadata: ['TYPE', 'UNIT', 'HELP'],
  helpEscapes: /^(?:[^\\"]|\\\\|\\n|\\")*$/,
  check({ name, type, unit, samples }) {
    if (unit !== undefined && (unit === '' || !name.endsWith(`_${unit}`)))
      fail(`${name} has the unit ${unit}`)
    for (const sample of samples) {
      const counts = type === 'counter' || type === 'histogram'
      if (counts && !(sample.value >= 0)) fail(`${sample.name} counts ${sample.value}`)
      if (type !== 'histogram' || sample.labels.le === undefined) continue
      checkCanonical(sample.labels.le)
      if (sample.labels.le.startsWith('-')) fail(`${name} has a sum, and a bucket below zero`)
    }
  },
}

/** Reads the Prometheus text format 0.0.4: families by name, in their order. @throws where it is not valid. */
export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  return parse(text, TEXT)
}

/** Reads OpenMetrics 1.0.0: families by name, in their order. @throws where it is not valid. */
export function parseOpenMetrics(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('# EOF\n')) fail('no # EOF at the end')
  return parse(text.slice(0, -'# EOF\n'.length), OPEN_METRICS)
}

function parse(text: string, rules: Rules): ReadonlyMap<string, Family> {
  const lines = text.split('\n')
  if (lines.pop() !== '') fail('the last line does not end')
  const families = new Map<string, Family>()
  const taken = new Set<string>()
  while (lines.length > 0) {
    const family = takeFamily(lines, rules)
    for (const suffix of rules.reserved[family.type] ?? []) {
      if (taken.has(family.name + suffix)) fail(`${family.name}${suffix} is there twice`)
      taken.add(family.name + suffix)
    }
    checkSeries(family.samples)
    if (family.type === 'histogram') checkHistograms(family)
    rules.check(family)
    families.set(family.name, family)
  }
  return families
}

/** Takes metadata and all samples of the family that comes next. */
function takeFamily(lines: string[], rules: Rules): Family {
  const metadata = new Map<string, string>()
  let name: string | undefined
  for (let line = lines[0]; line?.startsWith('#'); line = lines[0]) {
    const match = /^# (\w+) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s.exec(line) ?? fail(line)
    const [, kind = '', of = '', value = ''] = match
    if (name !== undefined && name !== of) fail(`${name} has metadata and no samples`)
    if (!rules.metadata.includes(kind) || metadata.has(kind)) fail(line)
    name = of
    metadata.set(kind, value)
    lines.shift()
  }
  const order = rules.metadata.filter((kind) => metadata.has(kind))
  if ([...metadata.keys()].join() !== order.join()) fail(`the metadata of ${name} is out of order`)
  const type = metadata.get('TYPE')
  if (name === undefined || type === undefined) return fail(`samples without TYPE: ${lines[0]}`)
  const allowed = (rules.suffixes[type] ?? fail(`${name} has the type ${type}`)).map(
    (suffix) => name + suffix,
  )

  const samples: Sample[] = []
  for (let line = lines[0]; line !== undefined && !line.startsWith('#'); line = lines[0]) {
    const sample = parseSample(line)
    if (!allowed.includes(sample.name)) fail(`${line} is not of ${name}, a ${type}`)
    samples.push(sample)
    lines.shift()
  }
  if (samples.length === 0) fail(`${name} has no samples`)
  const help = metadata.get('HELP')
  if (help !== undefined && !rules.helpEscapes.test(help)) fail(`HELP of ${name}: ${help}`)
  return {
    name,
    type,
    help: help === undefined ? undefined : unescaped(help),
    unit: metadata.get('UNIT'),
    samples,
  }
}

function parseSample(line: string): Sample {
  const pair = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\]|\\\\["\\\\n])*"'
  const pattern = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(${pair}(?:,${pair})*)\\})? (\\S+)$`)
  const [, name = '', pairs = '', value = ''] = pattern.exec(line) ?? fail(line)
  const labels: Record<string, string> = {}
  for (const text of pairs.match(new RegExp(pair, 'g')) ?? []) {
    const at = text.indexOf('=')
    const label = text.slice(0, at)
    if (Object.hasOwn(labels, label)) fail(`${label} is there twice: ${line}`)
    labels[label] = unescaped(text.slice(at + 2, -1))
  }
  return { name, labels, value: parseNumber(value) }
}

function parseNumber(text: string): number {
  if (text === 'NaN') return Number.NaN
  if (text === '+Inf') return Infinity
  if (text === '-Inf') return -Infinity
  if (!/^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/.test(text)) fail(`${text} is no number`)
  return Number(text)
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

function checkSeries(samples: readonly Sample[]): void {
  const seen = new Set<string>()
  for (const { name, labels } of samples) {
    // Prometheus takes an empty label for none.
    const pairs = Object.entries(labels).filter(([, value]) => value !== '')
    const key = JSON.stringify([name, pairs.sort()])
    if (seen.has(key)) fail(`${key} is there twice`)
    seen.add(key)
  }
}

/** Each series in one piece: its buckets in order, cumulative, up to +Inf, then its sum and its count. */
function checkHistograms({ name, samples }: Family): void {
  const rest = [...samples]
  const seen = new Set<string>()
  while (rest.length > 0) {
    const series = identity(rest[0] as Sample)
    if (seen.has(series)) fail(`the samples of ${name}${series} are scattered`)
    seen.add(series)
    let le = -Infinity
    let count = 0
    while (le !== Infinity) {
      const bucket = rest.shift()
      if (bucket?.name !== `${name}_bucket` || identity(bucket) !== series)
        fail(`${name}${series} has no +Inf`)
      const bound = parseNumber(bucket.labels.le ?? fail(`${name} has a bucket without le`))
      if (!(bound > le)) fail(`${name}${series}: le ${bound} after ${le}`)
      if (!(Number.isInteger(bucket.value) && bucket.value >= count))
        fail(`${name}${series} is not cumulative`)
      le = bound
      count = bucket.value
    }
    for (const suffix of ['_sum', '_count']) {
      const sample = rest.shift()
      if (sample?.name !== name + suffix || identity(sample) !== series)
        fail(`${name}${series} lacks ${suffix}`)
      if (suffix === '_count' && sample.value !== count) fail(`${name}${series}: +Inf is not the count`)
    }
  }
}

function identity({ labels }: Sample): string {
  return JSON.stringify(Object.entries({ ...labels, le: '' }).sort())
}

// As the specification's examples have it: 0.005 1.0 100000.0 1e+06 1e-05.
function checkCanonical(le: string): void {
  if (!/^(?:-?\d{1,6}\.\d+|-?\d(?:\.\d+)?e[+-]\d{2,3}|\+Inf)$/.test(le)) fail(`le="${le}" is not canonical`)
}

function fail(message: string): never {
  throw new Error(`invalid exposition: ${message}`)
}
