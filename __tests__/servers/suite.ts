// The one suite that every server has to pass, in every mode that it has.
import { describe, it } from 'vitest'
import type { Mode, Software } from '../../tools/servers/daemon.ts'
import { inPlace } from './in-place.ts'
import { useLab } from './lab.ts'
import { oddTrees } from './odd-trees.ts'
import { plainRefusals, refusals, tlsRefusals } from './refusals.ts'
import { resets } from './resets.ts'
import { transcripts } from './transcripts.ts'
import { standsForAll } from './missing.ts'

const MODES: Readonly<Record<Mode, string>> = {
  plain: 'without TLS',
  explicit: 'explicit TLS',
  implicit: 'implicit TLS'
}

/**
 * Describes the suite for one server. `missing` says why the server cannot be started here: then everything is skipped,
 * or, in continuous integration, fails.
 */
export function suite(software: Software, missing: string | undefined): void {
  describe(software.name, () => {
    if (standsForAll(missing)) return
    for (const mode of ['plain', 'explicit', 'implicit'] as const) {
      describe(MODES[mode], () => {
        if (mode === 'implicit' && !software.hasImplicitTls) {
          it('is served', context => {
            context.skip(`${software.name} has no implicit TLS`)
          })
          return
        }
        const lab = useLab(software, mode)
        resets(lab)
        inPlace(lab)
        oddTrees(lab)
        refusals(lab)
        if (mode === 'explicit') transcripts(lab)
        if (mode === 'plain') plainRefusals(lab)
        else tlsRefusals(lab)
      })
    }
  })
}
