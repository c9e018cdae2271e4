// A deployment script with the lines that delete the environment, and without them again. All else stays as it is, byte for byte. Pure.
import { findInBatch, type Found } from './batch-script.ts'
import { findInShell } from './bash-script.ts'

/** What became of a script. */
export type Patched =
  | { readonly kind: 'patched' | 'already'; readonly text: string; readonly dialect: 'batch' | 'bash' }
  /** `detail` ends a sentence that begins with the script's name. */
  | { readonly kind: 'unrecognised'; readonly detail: string }

/** Both forms of the first line of a block, and of its last; within parentheses cmd wants the other one. */
const BEGIN = /^[ \t]*(?:(?:::|#) >>> azure-python-env: |REM azure-python-env begins: )(.*?)\r?\n?$/
const END = /^[ \t]*(?:(?:::|#) <<< azure-python-env|REM azure-python-env ends)\r?\n?$/

/**
 * Puts a block before the decision on the environment that deletes it: in a batch script before the marker's test, in a shell
 * script before the environment is made.
 *
 * `text` may have one character for each byte, so that what is no UTF-8 survives. A whole block that stands where it belongs is
 * left alone, whatever run it names (`already`); any other is replaced.
 */
export function patchScript(text: string, stamp: string): Patched {
  if (text.includes('\0') || /^(\u00ff\u00fe|\u00fe\u00ff)/.test(text)) {
    return { kind: 'unrecognised', detail: 'is no text in UTF-8 or in a code page of one byte a character' }
  }
  const removed = removeBlock(text)
  if (removed === undefined) {
    return { kind: 'unrecognised', detail: 'has only a part of the lines that an earlier run added. Take them out' }
  }
  const lines = linesOf(removed.text)
  const dialect = dialectOf(removed.text)
  if (dialect === undefined) return { kind: 'unrecognised', detail: 'is neither a batch script nor one for bash or sh' }
  if (/\boryx(\.exe|\.dll)?["']?\s+build\b/i.test(removed.text)) {
    return { kind: 'unrecognised', detail: 'builds with Oryx, which makes the environment by its own rules' }
  }
  const physical = lines.map(line => line.replace(/\r?\n$/, ''))
  const found = dialect === 'batch' ? findInBatch(physical) : findInShell(removed.text, physical)
  if ('detail' in found) return { kind: 'unrecognised', detail: `is not recognised: ${found.detail}` }
  if (removed.stamp !== undefined && insert(lines, found, removed.stamp) === text)
    return { kind: 'already', text, dialect }
  return { kind: 'patched', text: insert(lines, found, plainStamp(stamp)), dialect }
}

/** Takes the block out again; `text` is what came in where there is none, or only a part of one. */
export function unpatchScript(text: string): string {
  return removeBlock(text)?.text ?? text
}

/** Names the run that a block was added for; `undefined`: there is no block. */
export function stampOf(text: string): string | undefined {
  return removeBlock(text)?.stamp
}

function removeBlock(text: string): { readonly text: string; readonly stamp: string | undefined } | undefined {
  const lines = linesOf(text)
  const begin = lines.findIndex(line => BEGIN.test(line))
  const end = lines.findIndex(line => END.test(line))
  if (begin < 0 && end < 0) return { text, stamp: undefined }
  const rest = [...lines.slice(0, begin), ...lines.slice(end + 1)]
  const isWhole = begin >= 0 && end > begin && !rest.some(line => BEGIN.test(line) || END.test(line))
  return isWhole ? { text: rest.join(''), stamp: BEGIN.exec(lines[begin] ?? '')?.[1] } : undefined
}

/** The lines with their ends. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function insert(lines: readonly string[], found: Exclude<Found, { readonly detail: string }>, stamp: string): string {
  const end = /\r?\n$/.exec(lines[found.at] ?? '')?.[0] ?? /\r?\n$/.exec(lines[0] ?? '')?.[0] ?? '\n'
  const block = found.lines(stamp).map(line => `${found.indent}${line}${end}`)
  // A byte-order mark stays the first thing in the file.
  const mark = found.at === 0 ? (/^(\u00ef\u00bb\u00bf|\ufeff)/.exec(lines[0] ?? '')?.[0] ?? '') : ''
  const rest = lines.slice(found.at).join('').slice(mark.length)
  return `${lines.slice(0, found.at).join('')}${mark}${block.join('')}${rest}`
}

/** A stamp in which nothing means anything to cmd or a shell: as it is written into the block. */
export function plainStamp(stamp: string): string {
  return stamp
    .replace(/[^\w .:/#-]+/g, '_')
    .trim()
    .slice(0, 200)
}

function dialectOf(text: string): 'batch' | 'bash' | undefined {
  const bang = /^(?:\u00ef\u00bb\u00bf|\ufeff)?#!\s*(\S*)(?:[ \t]+(\S+))?/.exec(text)
  if (bang) {
    const program = (/\/env$/.test(bang[1] ?? '') ? bang[2] : bang[1]) ?? ''
    return /(^|\/)(ba|da|a|z|k)?sh$/.test(program) ? 'bash' : undefined
  }
  // cmd knows no `$`, and a shell no name between percent signs.
  const batch = /%\w+%|^[\s@]*(::|echo off|setlocal|goto\s|rem\s|if\s+(not\s+)?(exist|defined)\s|call\s+:)/gim
  const shell = /\$\{?\w|^\s*#|(^|;)\s*(then|fi|done|esac)\b|^\s*(source|export)\s/gm
  const [asBatch, asShell] = [text.match(batch)?.length ?? 0, text.match(shell)?.length ?? 0]
  return asBatch > asShell ? 'batch' : asShell > asBatch || asBatch === 0 ? 'bash' : undefined
}
