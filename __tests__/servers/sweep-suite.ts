// What every server has to pass without the action around it: sweeps, and what makes them careful.
import { describe } from 'vitest'
import type { Software } from '../../tools/servers/daemon.ts'
import { outOfTheWay } from './out-of-the-way.ts'
import { rungs } from './rungs.ts'
import { useSweepLab } from './sweep-lab.ts'
import { sweeps } from './sweeps.ts'
import { standsForAll } from './missing.ts'

/** Over all modes of a server. */
const SWEEPS = 50

/** Describes the suite for one server. `missing`: as for `suite`. */
export function sweepSuite(software: Software, missing: string | undefined): void {
  describe(software.name, () => {
    if (standsForAll(missing)) return
    const lab = useSweepLab(software)
    outOfTheWay(lab)
    rungs(lab)
    const modes = (['plain', 'explicit', 'implicit'] as const).filter(
      mode => mode !== 'implicit' || software.hasImplicitTls
    )
    for (const mode of modes) sweeps(lab, mode, Math.ceil(SWEEPS / modes.length))
  })
}
