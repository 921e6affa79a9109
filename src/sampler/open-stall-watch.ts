import { systemClock } from '../core/clock'
import { say } from '../core/report'
import type { Stall } from '../core/stall'
import type { StallSettings } from '../core/stall-options'
import type { Binding } from '../probe/binding'
import { debuggerAttached } from './debugger'
import { type Probes, probeClockNs } from './probes'
import { SourceMaps } from './source-maps'
import { located } from './stall-frames'
import type { StallHistory } from './stall-history'
import { StallPosting } from './stall-posting'
import { StallReport } from './stall-report'
import { StallWatch } from './stall-watch'
import { threadTime, wantsCpu } from './thread-clock'
import type { ThreadState } from './thread-state'

export interface StallSetting {
  readonly probes: Probes
  readonly binding: Binding
  readonly state: ThreadState
  readonly history: StallHistory
  readonly inspectorPort: number
  /** Whether the process has source maps enabled now. */
  readonly sourceMaps: () => boolean
  /** Hears of each stall that is over; for the main thread. */
  readonly post: (stall: Stall) => void
}

/** The watch with all that is done with what it sees. */
export function openStallWatch(settings: StallSettings, setting: StallSetting): StallWatch {
  const { probes, binding, state, history, inspectorPort, sourceMaps, post } = setting
  const maps = new SourceMaps()
  const report = new StallReport(systemClock, say)
  const posting = new StallPosting(post)
  history.onStall((stall, first) => {
    if (first) report.tell(stall)
    if (stall.ongoing) return
    const mainIsStuck = probes.list().some(({ thread, stalls }) => thread === 'main' && stalls?.ongoing)
    posting.push(stall, mainIsStuck && stall.thread !== 'main')
  })
  return new StallWatch(settings, {
    probes,
    binding,
    threadTime,
    wantsCpu,
    clock: systemClock,
    nowNs: probeClockNs,
    history,
    number(main) {
      if (main) state.add('mainStalls', 1)
      return state.add('stalls', 1)
    },
    mainStalls: state.get('mainStalls'),
    located: (frames) => (sourceMaps() ? located(frames, maps) : undefined),
    debuggerAttached: () => debuggerAttached(inspectorPort),
  })
}
