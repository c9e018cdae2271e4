// The logical lines of a requirements file, as pip makes them of its text: split, joined, without comments. Pure.

/** A line without its comment, with the number of the first line that it was written on. */
export interface LogicalLine {
  readonly line: number
  readonly text: string
}

/** What Python's `str.splitlines` splits at; only the first two are ends of lines to an editor. */
const LINE_ENDS = new Set('\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029')

/** What Python's `str.strip` and `\s` take for white space, which is not what JavaScript takes for it. */
const SPACES = new Set(
  '\t\n\v\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
    '\u2028\u2029\u202f\u205f\u3000'
)

/** Strips white space from both ends as Python's `str.strip` does. */
export function strip(text: string): string {
  return stripOf(text, character => SPACES.has(character))
}

/** Makes the logical lines of a text (pip's `req_file.preprocess`); empty ones are left out. */
export function logicalLines(text: string): readonly LogicalLine[] {
  return joined(splitLines(text))
    .map(({ line, text }) => ({ line, text: strip(withoutComment(text)) }))
    .filter(({ text }) => text !== '')
}

function splitLines(text: string): readonly LogicalLine[] {
  const lines: LogicalLine[] = []
  let [start, line] = [0, 1]
  for (let at = 0; at < text.length; at++) {
    const end = text.charAt(at)
    if (!LINE_ENDS.has(end)) continue
    lines.push({ line, text: text.slice(start, at) })
    if (end === '\r' && text[at + 1] === '\n') at++
    if (end === '\r' || end === '\n') line++
    start = at + 1
  }
  if (start < text.length) lines.push({ line, text: text.slice(start) })
  return lines
}

/**
 * Joins a line that ends in a backslash with the next one.
 *
 * A line that is nothing but a comment never goes on, but it may end what goes on. As in pip, backslashes disappear at
 * both ends of a line that goes on.
 */
function joined(lines: readonly LogicalLine[]): readonly LogicalLine[] {
  const whole: LogicalLine[] = []
  let open: { readonly line: number; readonly parts: string[] } | undefined
  for (const { line, text } of lines) {
    const isComment = strip(text).startsWith('#')
    if (text.endsWith('\\') && !isComment) {
      open ??= { line, parts: [] }
      open.parts.push(stripOf(text, character => character === '\\'))
      continue
    }
    // The blank makes the comment one, whatever it is joined with.
    const last = isComment ? ` ${text}` : text
    whole.push(open ? { line: open.line, text: open.parts.join('') + last } : { line, text: last })
    open = undefined
  }
  if (open) whole.push({ line: open.line, text: open.parts.join('') })
  return whole
}

/** A `#` begins a comment at the start of the line or after white space; elsewhere it belongs to a URL. */
function withoutComment(text: string): string {
  for (let at = text.indexOf('#'); at >= 0; at = text.indexOf('#', at + 1)) {
    if (at === 0 || SPACES.has(text.charAt(at - 1))) return text.slice(0, at)
  }
  return text
}

function stripOf(text: string, goes: (character: string) => boolean): string {
  let [start, end] = [0, text.length]
  while (start < end && goes(text.charAt(start))) start++
  while (end > start && goes(text.charAt(end - 1))) end--
  return text.slice(start, end)
}
