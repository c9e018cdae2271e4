// The same files read by the machine's own pip: the same requirements, and the same refusals.
import { spawnSync } from 'node:child_process'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { normalizeName } from '../../../src/python/distributions.ts'
import { readStatements } from '../../../src/python/requirement-files.ts'
import { readRequirements } from '../../../src/python/requirements.ts'
import { CORPUS, EXPECTED, GROUPS, readCorpus } from './requirement-corpus.ts'

/** What pip makes of a line: a name, nothing where only building would tell, or why it refuses it. */
interface Line {
  readonly place: string
  readonly text: string
  readonly isEditable: boolean
  readonly isConstraint: boolean
  readonly name: string | null
  readonly refusal: string | null
}

interface Verdict {
  readonly refusal: string | null
  readonly lines: readonly Line[]
}

const SCRIPT = `
import json, logging, re, sys
logging.disable(logging.CRITICAL)
try:
    import pip
    from pip._internal.req.constructors import install_req_from_parsed_requirement
    from pip._internal.req.req_file import parse_requirements
except ImportError as error:
    print(json.dumps({"absent": str(error)}))
    sys.exit(0)

def read(line):
    file, number = re.match(r"-[rc] (.*) \\(line (\\d+)\\)$", line.comes_from).groups()
    told = {"place": file + " " + number, "text": line.requirement, "isEditable": line.is_editable,
            "isConstraint": line.constraint, "name": None, "refusal": None}
    try:
        told["name"] = install_req_from_parsed_requirement(line).name
    except Exception as error:
        told["refusal"] = repr(error)[:300]
    return told

def verdict(file):
    lines = []
    try:
        for line in parse_requirements(file, session=None):
            lines.append(read(line))
        return {"refusal": None, "lines": lines}
    except Exception as error:
        return {"refusal": repr(error)[:300], "lines": []}

print(json.dumps({"version": pip.__version__, "verdicts": {file: verdict(file) for file in json.load(sys.stdin)}}))
`

function askPip(files: readonly string[]): {
  readonly verdicts?: Readonly<Record<string, Verdict>>
  readonly why: string
} {
  // Nothing else, so that no variable of the corpus has a value.
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], PYTHONUTF8: '1', PYTHONWARNINGS: 'ignore' }
  const { stdout, error, stderr } = spawnSync('python3', ['-c', SCRIPT], {
    cwd: CORPUS,
    env,
    input: JSON.stringify(files),
    encoding: 'utf8',
    timeout: 60_000
  })
  if (error) return { why: `there is no python3: ${error.message}` }
  if (stdout === '') return { why: `python3 fails: ${stderr}` }
  const answer = JSON.parse(stdout) as {
    absent?: string
    version?: string
    verdicts?: Readonly<Record<string, Verdict>>
  }
  return answer.verdicts
    ? { verdicts: answer.verdicts, why: `pip ${answer.version}` }
    : { why: `python3 has no pip that can be asked: ${answer.absent}` }
}

const files = [...EXPECTED.filter(([, { pip }]) => pip === undefined).map(([file]) => file), ...GROUPS.flat()]
const compared = [...new Set(files)].filter(
  file => !EXPECTED.some(([other, { pip }]) => other === file && pip !== undefined)
)
const { verdicts = {}, why } =
  process.platform === 'win32' ? { why: 'Windows reads paths differently' } : askPip(compared)

describe.skipIf(Object.keys(verdicts).length === 0)(`the corpus, beside ${why}`, () => {
  it.each(compared)('is read alike: %s', async file => {
    const verdict = verdicts[file]
    expect(verdict).toBeDefined()
    const { asked, gaps } = await readRequirements(file, readCorpus)
    if (!verdict || verdict.refusal !== null) {
      expect(gaps, String(verdict?.refusal)).not.toEqual([])
      return
    }
    const ours = (await readStatements(file, readCorpus)).flatMap(statement =>
      statement.kind === 'requirement' || statement.kind === 'editable' ? [statement] : []
    )
    const written = ours.map(({ text, kind, isConstraint }) => [text, kind === 'editable', isConstraint].join())
    const theirs = verdict.lines.map(({ text, isEditable, isConstraint }) => [text, isEditable, isConstraint].join())
    expect([...new Set(written)].sort()).toEqual([...new Set(theirs)].sort())
    // pip counts more characters as ends of lines than editors do.
    if (file === 'separators.txt') return

    for (const { place, isConstraint, name, refusal } of verdict.lines) {
      if (isConstraint) continue
      const known = asked.find(({ file, line }) => samePlace(place, file, line))?.requirement.name
      const gap = gaps.find(text => samePlace(place, ...placeOf(text)))
      if (refusal !== null) expect([place, known, gap !== undefined], refusal).toEqual([place, undefined, true])
      else if (name !== null) expect([place, known, gap]).toEqual([place, normalizeName(name), undefined])
      else expect([place, known !== undefined || gap !== undefined]).toEqual([place, true])
    }
    const unclear = verdict.lines.filter(({ name, refusal }) => name === null || refusal !== null)
    expect(gaps.filter(gap => !unclear.some(({ place }) => samePlace(place, ...placeOf(gap))))).toEqual([])
  })
})

function placeOf(gap: string): readonly [file: string, line: number] {
  const match = /^(.*?) line (\d+) /.exec(gap)
  return [match?.[1] ?? '', Number(match?.[2] ?? 0)]
}

/** Older pips join paths without tidying them, newer ones make them absolute. */
function samePlace(theirs: string, file: string, line: number): boolean {
  const cut = theirs.lastIndexOf(' ')
  const path = posix.relative(CORPUS, posix.resolve(CORPUS, theirs.slice(0, cut)))
  return path === file && Number(theirs.slice(cut + 1)) === line
}
