// What has changed between two texts, as a unified diff with one hunk. Pure.

const CONTEXT = 3
const NO_NEWLINE = '\\ No newline at end of file'

/** Gives the lines of a unified diff, without line ends; empty where the texts are equal. */
export function diffLines(before: string, after: string, name: string): readonly string[] {
  if (before === after) return []
  const [old, fresh] = [linesOf(before), linesOf(after)]
  let start = 0
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++
  let end = 0
  const most = Math.min(old.length, fresh.length) - start
  while (end < most && old[old.length - 1 - end] === fresh[fresh.length - 1 - end]) end++
  const [from, tail] = [Math.max(0, start - CONTEXT), Math.min(end, CONTEXT)]
  const [oldEnd, freshEnd] = [old.length - end, fresh.length - end]
  const range = (until: number): string => {
    const count = until - from + tail
    return `${count === 0 ? from : from + 1},${count}`
  }
  return [
    `--- a/${name}`,
    `+++ b/${name}`,
    `@@ -${range(oldEnd)} +${range(freshEnd)} @@`,
    ...old.slice(from, start).flatMap(line => shown(' ', line)),
    ...old.slice(start, oldEnd).flatMap(line => shown('-', line)),
    ...fresh.slice(start, freshEnd).flatMap(line => shown('+', line)),
    ...old.slice(oldEnd, oldEnd + tail).flatMap(line => shown(' ', line))
  ]
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function shown(sign: string, line: string): readonly string[] {
  const text = `${sign}${line.replace(/\r?\n$/, '')}`
  return line.endsWith('\n') ? [text] : [text, NO_NEWLINE]
}
