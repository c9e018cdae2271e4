// The command line of `npm run bench`: its flags, their values, and its help. Pure.
import { parseArgs } from 'node:util'
import { CONTENDERS } from './contenders.ts'
import { DECISION_DEFAULTS } from './decision.ts'
import type { Selection } from './plan.ts'
import { SERVERS } from './served.ts'
import { FEWEST_FILES } from './trees.ts'

/** What docs/performance.md is made from. */
const PAGE_PARTS = ['sweeps', 'memory', 'correctness'] as const

const PARTS = [...PAGE_PARTS, 'decision'] as const

/** What is measured: cells of the plan, memory, many sweeps that have to be right, or what a decision costs. */
export type Part = (typeof PARTS)[number]

/** What was asked for. */
export interface BenchOptions {
  readonly help: boolean
  readonly quick: boolean
  readonly write: boolean
  readonly render: boolean
  readonly parts: readonly Part[]
  readonly selection: Selection
  readonly runs: number
  readonly boundSeconds: number
}

const DEFAULTS = { runs: 3, boundSeconds: 60, quickBoundSeconds: 20 }

/** Reads the arguments; throws a `RangeError` that names the flag, what it was given and the choices. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      part: { type: 'string' },
      files: { type: 'string' },
      rtt: { type: 'string' },
      tls: { type: 'string' },
      server: { type: 'string' },
      peer: { type: 'string' },
      runs: { type: 'string' },
      bound: { type: 'string' }
    }
  })
  const { help, quick, write, render } = values
  const names = CONTENDERS.map(({ name }) => name)
  const tls = words('tls', values.tls, ['on', 'off'])?.map(word => word === 'on')
  const selection: Selection = {
    ...optional('files', numbers('files', values.files, FEWEST_FILES)),
    ...optional('rttMs', numbers('rtt', values.rtt, 0)),
    ...optional('tls', tls),
    ...optional('servers', words('server', values.server, Object.keys(SERVERS))),
    ...optional('contenders', words('peer', values.peer, names))
  }
  const bound = quick ? DEFAULTS.quickBoundSeconds : DEFAULTS.boundSeconds
  const sweepsOnly = quick || Object.keys(selection).length > 0
  return {
    ...{ help, quick, write, render, selection },
    parts: words('part', values.part, PARTS) ?? (sweepsOnly ? ['sweeps'] : PAGE_PARTS),
    runs: one('runs', values.runs) ?? DEFAULTS.runs,
    boundSeconds: one('bound', values.bound) ?? bound
  }
}

/** What `--help` prints. */
export function help(): string {
  const contenders = CONTENDERS.map(({ name, label }) => `             ${name.padEnd(11)} ${label.replaceAll('`', '')}`)
  return `npm run bench -- [flags]

Measures how long it takes until a Python environment is gone over FTP, this action beside other clients. Linux and
root only; needs tools/install-servers, and measures lftp and rclone where tools/install-peers has been run.
Without a selection the whole plan runs, which takes about an hour. Lists are separated by commas.

  --quick    2,000 files, 20 ms, TLS, vsftpd, a few contenders: three minutes at most
  --files    numbers of files, from ${FEWEST_FILES} on, e.g. 2000,10000,40000
  --rtt      round trips in milliseconds, e.g. 0,20,80
  --tls      on, off
  --server   ${Object.keys(SERVERS).join(', ')}
  --peer     contenders:
${contenders.join('\n')}
  --runs     runs of each contender that needs less than a minute for one (${DEFAULTS.runs})
  --bound    seconds after which a run is stopped and extrapolated (${DEFAULTS.boundSeconds}; with --quick ${DEFAULTS.quickBoundSeconds})
  --part     ${PAGE_PARTS.join(', ')} (all of these, or sweeps where something is selected), or
             decision: commands and time of the main step's dry run on ${DECISION_DEFAULTS.distributions} distributions, with --rtt
             (${DECISION_DEFAULTS.rttMs.join(',')}) and --runs; printed, not written; needs Linux, but neither root nor
             tools/install-servers
  --write    writes docs/performance.json, .md and .svg; what this run did not measure stays
  --render   measures nothing: writes docs/performance.md and .svg from docs/performance.json
`
}

function words<T extends string>(
  flag: string,
  text: string | undefined,
  choices: readonly T[]
): readonly T[] | undefined {
  return text?.split(',').map(word => {
    const choice = choices.find(one => one === word)
    if (choice === undefined) throw new RangeError(`--${flag} ${word}: choose from ${choices.join(', ')}`)
    return choice
  })
}

function numbers(flag: string, text: string | undefined, least: number): readonly number[] | undefined {
  return text?.split(',').map(word => {
    const value = Number(word)
    if (!/^\d+$/.test(word) || value < least) throw new RangeError(`--${flag} ${word}: a whole number from ${least} on`)
    return value
  })
}

function one(flag: string, text: string | undefined): number | undefined {
  return numbers(flag, text, 1)?.[0]
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V }
}
