// Takes foreign text apart from left to right, for the parsers of requirements and markers. Knows no grammar. Pure.

/** Far beyond any requirement that a person or a tool has written; what is longer is no requirement. */
const MAX_LENGTH = 16_384

/** Spaces and tabs: the only blanks between the parts of a requirement (packaging's tokenizer). */
const BLANK = /[ \t]+/y

/** What is wrong with a requirement or a marker; `message` is one sentence without its full stop, and quotes nothing. */
export class RequirementError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RequirementError'
  }
}

/** A place in a text that only moves forward. Patterns are sticky, so that nothing is ever searched for. */
export interface Scanner {
  /** Takes what the pattern matches here; `undefined`: nothing. */
  take(pattern: RegExp): string | undefined
  /** Tells whether the pattern matches here. */
  sees(pattern: RegExp): boolean
  skipBlank(): void
  isAtEnd(): boolean
  /** Makes the error for the place that was reached. The text itself may hold a password, so it is not quoted. */
  error(what: string): RequirementError
}

/** Begins at the start of a text; throws `RequirementError` where it is too long or holds control characters. */
export function scan(text: string): Scanner {
  if (text.length > MAX_LENGTH) throw new RequirementError(`it is longer than ${MAX_LENGTH} characters`)
  // Beside tabs. packaging lets them into URLs and quotes, where nobody has written one.
  if (/(?!\t)\p{Cc}/u.test(text)) throw new RequirementError('it holds a control character')
  let position = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position
    return pattern.exec(text)?.[0]
  }
  const take = (pattern: RegExp): string | undefined => {
    const found = match(pattern)
    position += found?.length ?? 0
    return found
  }
  return {
    take,
    sees: pattern => match(pattern) !== undefined,
    skipBlank: () => void take(BLANK),
    isAtEnd: () => position === text.length,
    error: what => new RequirementError(`${what} (at character ${position + 1})`)
  }
}
