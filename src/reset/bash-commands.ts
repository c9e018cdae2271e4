// The commands of a shell script, and in which of its statements they stand. Knows as much of the language as that takes. Pure.

/** A statement that is open: `if`, a loop, `case`, a group, or the body of a function. */
export interface Statement {
  readonly kind: 'if' | 'loop' | 'case' | '{' | '(' | 'function'
  /** The line that it begins on. */
  readonly at: number
  /** The commands of its first condition, as words; a `!` before a command is the first of them. */
  readonly conditions: (readonly string[])[]
  /** The same of those after `elif`. */
  readonly others: (readonly string[])[]
  /** For a function: its name. */
  readonly name: string
  /** What joins it to the command before it. */
  readonly joinedBy: Command['joinedBy']
  /** Where its `elif` and `else` begin, as indexes of commands. */
  readonly branches: number[]
}

/** A simple command. */
export interface Command {
  /** As they are written, with their quotes. */
  readonly words: readonly string[]
  /** The physical line that it begins on. */
  readonly at: number
  readonly within: readonly Statement[]
  /** What joins it to the command before it. */
  readonly joinedBy: '' | '&&' | '||' | '|'
  /** Whether a `!` stands before it. */
  readonly isNegated: boolean
  /** Whether it is part of a condition. */
  readonly isCondition: boolean
}

/** A script, taken apart. */
export interface ShellScript {
  readonly commands: readonly Command[]
  /** The lines that begin with a new command, and the statements that are open there. */
  readonly fresh: ReadonlyMap<number, readonly Statement[]>
}

interface Token {
  readonly text: string
  readonly at: number
  readonly isOperator: boolean
}

const OPERATOR = /^(&&|\|\||;;&?|;&|\||&(?!>)|;|\(|\)|\n)/

/** Splits a script into words and operators; `undefined`: a quote is not closed. */
function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  const heredocs: { readonly end: string; readonly isIndented: boolean }[] = []
  let [index, at] = [0, 0]
  while (index < text.length) {
    const rest = text.slice(index, index + 4096)
    const skipped = /^(?:[ \t]+|\\\r?\n|\r(?=\n))/.exec(rest)?.[0]
    if (skipped !== undefined) {
      index += skipped.length
      if (skipped.endsWith('\n')) at++
      continue
    }
    if (rest.startsWith('#')) {
      const end = text.indexOf('\n', index)
      index = end < 0 ? text.length : end
      continue
    }
    const heredoc = /^<<(-?)\s*(["']?)([\w-]+)\2/.exec(rest)
    if (heredoc && !rest.startsWith('<<<')) heredocs.push({ end: heredoc[3] ?? '', isIndented: heredoc[1] === '-' })
    const operator = heredoc?.[0] ?? OPERATOR.exec(rest)?.[0]
    if (operator !== undefined) {
      if (!heredoc) tokens.push({ text: operator, at, isOperator: true })
      index += operator.length
      if (operator === '\n') {
        at++
        const body = skipHeredocs(text, index, heredocs.splice(0))
        at += text.slice(index, body).split('\n').length - 1
        index = body
      }
      continue
    }
    const end = endOfWord(text, index)
    if (end === undefined) return undefined
    tokens.push({ text: text.slice(index, end), at, isOperator: false })
    at += text.slice(index, end).split('\n').length - 1
    index = end
  }
  return [...tokens, { text: '\n', at, isOperator: true }]
}

function skipHeredocs(
  text: string,
  start: number,
  heredocs: readonly { readonly end: string; readonly isIndented: boolean }[]
): number {
  let index = start
  for (const { end, isIndented } of heredocs) {
    while (index < text.length) {
      const next = text.indexOf('\n', index)
      const line = text.slice(index, next < 0 ? text.length : next).replace(/\r$/, '')
      index = next < 0 ? text.length : next + 1
      if ((isIndented ? line.replace(/^\t+/, '') : line) === end) break
    }
  }
  return index
}

/** Where a word ends that begins at `start`: quotes and substitutions belong to it. */
function endOfWord(text: string, start: number): number | undefined {
  let index = start
  const closers: string[] = []
  for (; index < text.length; index++) {
    const character = text[index] ?? ''
    const closer = closers.at(-1)
    if (closer === "'") {
      if (character === "'") closers.pop()
    } else if (character === '\\') index++
    else if (character === closer) closers.pop()
    else if (character === '$' && /[({]/.test(text[index + 1] ?? '')) closers.push(text[++index] === '(' ? ')' : '}')
    else if (character === '`' || character === '"') closers.push(character)
    else if (character === "'" && closer !== '"') closers.push("'")
    else if (character === '(' && closer === ')') closers.push(')')
    else if (closer === undefined && /[\s;&|()]/.test(character)) {
      // `2>&1` and `&>` are one word.
      if (character !== '&' || !/[<>]$/.test(text.slice(start, index))) break
    }
  }
  return closers.length === 0 ? Math.max(index, start + 1) : undefined
}

const OPENERS: Readonly<Record<string, Statement['kind']>> = {
  if: 'if',
  for: 'loop',
  while: 'loop',
  until: 'loop',
  select: 'loop',
  case: 'case',
  '{': '{'
}
const CLOSERS: Readonly<Record<string, Statement['kind']>> = { fi: 'if', done: 'loop', esac: 'case', '}': '{' }

/** Takes a script apart; `undefined`: its quotes or statements do not match. */
export function readShell(text: string): ShellScript | undefined {
  const tokens = tokensOf(text.replace(/^(\u00ef\u00bb\u00bf|\ufeff)/, ''))
  return tokens && new Reader(tokens).read()
}

/** Follows the statements of a script, token by token. */
class Reader {
  readonly #tokens: readonly Token[]
  readonly #commands: Command[] = []
  readonly #fresh = new Map<number, readonly Statement[]>()
  readonly #open: Statement[] = []
  readonly #inCondition = new Set<Statement>()
  readonly #alternatives = new Set<Statement>()
  #words: string[] = []
  #at = 0
  #joinedBy: Command['joinedBy'] = ''
  #nextFunction: string | undefined
  #isNegated = false

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  read(): ShellScript | undefined {
    let line = -1
    for (const [index, token] of this.#tokens.entries()) {
      const begins = this.#words.length === 0 && this.#joinedBy === '' && this.#nextFunction === undefined
      if (token.at !== line && token.text !== '\n' && begins) this.#fresh.set(token.at, [...this.#open])
      line = token.at
      const isRead = token.isOperator ? this.#operator(token, this.#tokens[index - 1]) : this.#word(token)
      if (!isRead) return undefined
    }
    return this.#open.length === 0 ? { commands: this.#commands, fresh: this.#fresh } : undefined
  }

  #operator({ text, at }: Token, before: Token | undefined): boolean {
    if (text === '(' && this.#words.length === 1 && before && !before.isOperator) {
      this.#nextFunction = this.#words.pop()
      return true
    }
    if (text === ')' && this.#nextFunction !== undefined && before?.text === '(') return true
    this.#end()
    if (text === '&&' || text === '||' || text === '|') this.#joinedBy = text
    else if (text !== '\n' || !/^(&&|\|\||\|)$/.test(before?.text ?? '')) this.#joinedBy = ''
    if (text === '(') this.#push('(', at)
    if (text === ')') {
      // A pattern of `case` ends with one, too.
      const top = this.#open.at(-1)
      if (top?.kind === '(') this.#open.pop()
      else if (top?.kind !== 'case') return false
    }
    return true
  }

  #word({ text, at }: Token): boolean {
    if (this.#words.length > 0) {
      this.#words.push(text)
      return true
    }
    const opener = OPENERS[text]
    const top = this.#open.at(-1)
    if (opener !== undefined) this.#push(opener, at)
    else if (text === 'then' || text === 'do') return top !== undefined && (this.#inCondition.delete(top), true)
    else if (text === 'elif' && top?.kind === 'if') {
      this.#inCondition.add(top)
      this.#alternatives.add(top)
      top.branches.push(this.#commands.length)
    } else if (text === 'else') return top?.kind === 'if' && top.branches.push(this.#commands.length) > 0
    else if (CLOSERS[text] !== undefined) return this.#close(CLOSERS[text])
    else if (text === 'function') this.#words.push(text)
    else if (text === '!') this.#isNegated = true
    else if (text !== 'time') {
      this.#words.push(text)
      this.#at = at
    }
    return true
  }

  #push(kind: Statement['kind'], at: number): void {
    const name = this.#nextFunction
    const statement: Statement = {
      kind: name === undefined ? kind : 'function',
      at,
      conditions: [],
      others: [],
      name: name ?? '',
      joinedBy: this.#joinedBy,
      branches: []
    }
    this.#nextFunction = undefined
    this.#open.push(statement)
    if (kind === 'if' || kind === 'loop') this.#inCondition.add(statement)
  }

  #close(kind: Statement['kind']): boolean {
    const closed = this.#open.pop()
    return closed?.kind === kind || (closed?.kind === 'function' && kind === '{')
  }

  #end(): void {
    const words = this.#words.splice(0)
    if (words.length === 0) return
    const isNegated = this.#isNegated
    this.#isNegated = false
    if (words[0] === 'function') {
      this.#nextFunction = words[1]
      if (words[2] === '{') this.#push('{', this.#at)
      return
    }
    const top = this.#open.at(-1)
    const isCondition = this.#open.some(statement => this.#inCondition.has(statement))
    if (top && isCondition) {
      ;(this.#alternatives.has(top) ? top.others : top.conditions).push(isNegated ? ['!', ...words] : words)
    }
    const within = [...this.#open]
    this.#commands.push({ words, at: this.#at, within, joinedBy: this.#joinedBy, isNegated, isCondition })
  }
}
