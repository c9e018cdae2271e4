// The lines of a batch script that cmd would run, and in which blocks and after which labels they stand. Pure.

/** A block in parentheses. */
export interface Block {
  /** What stands before the parenthesis: the condition; for the block of an ELSE, that of its IF. */
  readonly header: string
  readonly isElse: boolean
}

/** A logical line: comments and labels are none, and lines that are continued are one. */
export interface BatchLine {
  /** The index of its first physical line. */
  readonly at: number
  readonly text: string
  /** The blocks that are open where it begins, the outermost first. */
  readonly blocks: readonly Block[]
  /** Counts what cannot be reached by falling through: a line after `goto` or `exit` is of another run. */
  readonly run: number
  /** The label before it, in lower case; empty at the top. */
  readonly label: string
}

/** A batch script, taken apart. */
export interface BatchScript {
  readonly lines: readonly BatchLine[]
  readonly labels: ReadonlySet<string>
}

/** Takes a script apart; `undefined`: its parentheses do not match. */
export function readBatch(physical: readonly string[]): BatchScript | undefined {
  const lines: BatchLine[] = []
  const labels = new Set<string>()
  const open: Block[] = []
  let [run, label] = [0, '']
  for (let at = 0; at < physical.length; at++) {
    const first = at
    let text = (physical[at] ?? '').replace(/^(\u00ef\u00bb\u00bf|\ufeff)/, '')
    if (/^\s*(::|@?\s*rem(\s|$))/i.test(text)) continue
    const isLabel = /^\s*:\s*([^\s:+;,=]+)/.exec(text)?.[1]
    if (isLabel !== undefined) {
      label = isLabel.toLowerCase()
      labels.add(label)
      continue
    }
    while (/(^|[^^])(\^\^)*\^$/.test(text) && at + 1 < physical.length)
      text = text.slice(0, -1) + (physical[++at] ?? '')
    if (text.trim() === '') continue
    lines.push({ at: first, text, blocks: [...open], run, label })
    follow(text, open)
    if (open.length === 0 && /^\s*@?(goto|exit)\b/i.test(text)) run++
  }
  return open.length === 0 ? { lines, labels } : undefined
}

/** Opens and closes blocks as cmd does: a parenthesis opens one only where a command could stand, and closes any. */
function follow(text: string, open: Block[]): void {
  const isControl = /^[\s@()]*(else\b\s*)?(if|for)\b/i.test(text)
  let isQuoted = false
  let closed: Block | undefined
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    const before = text.slice(0, index)
    if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (character === '^') index++
    else if (character === '(' && (isControl || /(^|[@(&|]|\b(else|do))\s*$/i.test(before))) {
      const isElse = /\belse\s*$/i.test(before)
      open.push({ header: isElse && closed ? closed.header : before, isElse })
    } else if (character === ')') closed = open.pop() ?? closed
  }
}

/** Splits a command into words: at blanks outside of quotes, which are taken away. */
export function wordsOf(text: string): readonly string[] {
  return (text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? []).map(word => word.replaceAll('"', ''))
}
