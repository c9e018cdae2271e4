// What Python itself reads in the corpus: its `email` for headers, `importlib.metadata` for eggs, and pip's `packaging`.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { evaluateMarker } from '../../../src/python/markers.ts'
import { findPythons } from '../../../tools/pythons.ts'
import { CORPUS, EXPECTED, LINUX, WINDOWS, readCorpus } from './metadata-corpus.ts'

const SCRIPT = `
import email, importlib.metadata, json, pathlib, re, sys
from pip._vendor.packaging.requirements import Requirement, InvalidRequirement
from pip._vendor.packaging.utils import canonicalize_name

asked = json.load(sys.stdin)

def read(path):
    if path.suffix == ".dist-info":
        return email.message_from_bytes((path / "METADATA").read_bytes()).get_all("Requires-Dist") or []
    inner = path / "EGG-INFO" if path.suffix == ".egg" else path
    return importlib.metadata.PathDistribution(inner).requires or []

def needs(requirement, environment, extra):
    return requirement.marker is None or requirement.marker.evaluate({**environment, "extra": extra})

answer = {}
for entry, extras in asked["extras"].items():
    requirements, refused = [], 0
    for text in read(pathlib.Path(asked["root"]) / entry):
        if text.startswith("#"):
            continue # importlib.metadata takes a comment at the top for a requirement
        try:
            requirements.append(Requirement(re.sub(r"\\s+", " ", text).strip()))
        except InvalidRequirement:
            refused += 1
    answer[entry] = {
        "refused": refused,
        "requires": [
            [canonicalize_name(r.name), sorted(map(canonicalize_name, r.extras)), sorted(map(str, r.specifier)), r.url]
            for r in requirements
        ],
        "needs": [
            [[canonicalize_name(r.name) for r in requirements if needs(r, environment, extra)] for extra in extras]
            for environment in asked["environments"]
        ],
    }
print(json.dumps(answer))
`

type Read = readonly [name: string, extras: readonly string[], specifiers: readonly string[], url: string | null]

interface Answer {
  readonly refused: number
  readonly requires: readonly Read[]
  /** By environment, then by extra. */
  readonly needs: readonly (readonly (readonly string[])[])[]
}

const ENVIRONMENTS = [LINUX, WINDOWS]
/** The newest knows the rules of today; before 3.8 there is no importlib.metadata. */
const python = (await findPythons()).filter(({ makesEnvironments }) => makesEnvironments).at(-1)
const answers = python ? ask(python.executable) : undefined
const names = Object.keys(EXPECTED)
const exact = names.filter(name => {
  const { gaps, legacy, more } = EXPECTED[name] ?? {}
  return gaps === undefined && !legacy && !more
})

/** `undefined`: this Python has no `packaging`. */
function ask(executable: string): Readonly<Record<string, Answer>> | undefined {
  const extras = Object.fromEntries(Object.entries(EXPECTED).map(([name, { needs }]) => [name, Object.keys(needs)]))
  const input = JSON.stringify({ root: CORPUS, extras, environments: ENVIRONMENTS })
  const { status, stdout, stderr } = spawnSync(executable, ['-c', SCRIPT], { input, encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout) as Readonly<Record<string, Answer>>
  if (stderr.includes('ModuleNotFoundError')) return undefined
  throw new Error(stderr)
}

const title = answers
  ? `Python ${python?.release ?? ''} reads the same`
  : 'skipped, because there is no Python with pip and importlib.metadata'

describe.skipIf(!answers)(title, () => {
  it.each(exact)('requirements from %s', async name => {
    const requires = (await readCorpus()).get(name)?.requires ?? []
    const ours = requires.map(({ name, extras, specifier, url }): Read => {
      const specifiers = specifier === '' ? [] : specifier.split(',')
      return [name, extras, specifiers.sort(), url ?? null]
    })
    expect(ours).toEqual(answers?.[name]?.requires)
    expect(answers?.[name]?.refused).toBe(0)
  })

  it.each(exact)('answers to its markers, for each extra: %s', async name => {
    const requires = (await readCorpus()).get(name)?.requires ?? []
    const extras = Object.keys(EXPECTED[name]?.needs ?? {})
    const ours = ENVIRONMENTS.map(environment =>
      extras.map(extra =>
        requires
          .filter(({ marker }) => !marker || evaluateMarker(marker, environment, extra ? [extra] : []))
          .map(requirement => requirement.name)
      )
    )
    expect(ours).toEqual(answers?.[name]?.needs)
  })

  it.each(names.filter(name => !exact.includes(name)))(
    'or less, where it refuses or overlooks something: %s',
    async name => {
      const metadata = (await readCorpus()).get(name)
      const { requires = [], refused = 0 } = answers?.[name] ?? {}
      const ours = (metadata?.requires ?? []).map(requirement => requirement.name)
      for (const [theirs] of requires) expect(ours).toContain(theirs)
      // What it refuses is a gap here, or a version that only older pips took.
      expect(ours.length + (metadata?.gaps.length ?? 0)).toBeGreaterThanOrEqual(requires.length + refused)
    }
  )
})
