import type { Status, ThreadStatus } from '../core/status'
import { faultsInWords, NO_FAULTS } from '../core/words'
import { h, replace, say, svg, the } from './dom'
import { ABSENT, count, duration, format } from './format'
import { glyph } from './glyphs'

/** What is measured, and how the measuring is. `ageMs` is that of the newest sample. */
export function showSummary(status: Status, ageMs: number): void {
  const { service, pid, nodeVersion, offloopVersion, startedAt, now, threads, intervalMs, sequence } = status
  the('facts').hidden = false
  const worst = status.verdicts.find(({ level }) => level === 'bad')
  document.title = `${worst === undefined ? '' : `✗ ${worst.word}: `}${service} · offloop`
  say(the('service'), service)
  say(the('process'), `${pid}`)
  say(the('up'), duration(Math.max(0, now - startedAt)))
  say(the('node'), nodeVersion.replace(/^v/, ''))
  say(the('offloop'), offloopVersion)
  say(the('thread-count'), count(threads.length))
  say(the('sample'), `${count(sequence)}, ${ageMs < 1_500 ? 'just now' : `${duration(ageMs)} ago`}`)
  say(the('interval'), `every ${duration(intervalMs)}`)
  showHealth(status)
}

function showHealth({ health }: Status): void {
  const lately = faultsInWords(health.lately ?? health)
  the('health').title = `In the last five minutes. Since the start: ${faultsInWords(health)}.`
  replace(the('health'), [glyph(lately === NO_FAULTS ? 'good' : 'notice'), h('span', {}, lately)])
}

/** The main one first, then what is stalled, then by load. */
function byLoad(a: ThreadStatus, b: ThreadStatus): number {
  const first = ({ thread, stalled }: ThreadStatus) => Number(thread === 'main') * 2 + Number(stalled)
  return first(b) - first(a) || (b.utilization ?? 0) - (a.utilization ?? 0)
}

export function showThreads(parent: HTMLElement, { threads }: Status, chosen: string): void {
  replace(
    parent,
    [...threads].sort(byLoad).map((one) =>
      h(
        'tr',
        { 'data-key': one.thread, class: one.thread === chosen ? 'chosen' : undefined },
        h(
          'th',
          { scope: 'row' },
          h(
            'button',
            {
              class: 'pick',
              type: 'button',
              'aria-pressed': String(one.thread === chosen),
              title: `Charts of ${one.thread}`,
            },
            one.thread,
          ),
          one.source === 'perf_hooks' ? h('small', {}, ' perf_hooks') : undefined,
        ),
        h('td', { class: 'busy' }, meter(one.utilization), h('span', {}, format(one.utilization, 'ratio'))),
        h('td', {}, format(one.heapUsedBytes, 'bytes')),
        h('td', {}, one.gcCycles === undefined ? ABSENT : count(one.gcCycles)),
        h(
          'td',
          { class: 'state' },
          glyph(one.stalled ? 'bad' : 'good'),
          h('span', {}, one.stalled ? 'stalled' : 'turning'),
        ),
      ),
    ),
  )
}

function meter(share: number | undefined): SVGElement {
  const width = Math.min(1, Math.max(0, share ?? 0)) * 60
  return svg(
    'svg',
    { class: 'meter', viewBox: '0 0 60 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'all', width: 60, height: 6, rx: 1 }),
    svg('rect', { class: 'part', width: width.toFixed(1), height: 6, rx: 1 }),
  )
}
