// How it is said what is wrong with a line of a requirements file, without telling its secrets. Pure.

/** What is wrong with a line; `message` continues a sentence that begins with the file and the line. */
export class LineError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LineError'
  }
}

/** Longer quotations tell nothing more. */
const MAX_QUOTED = 120

/** Quotes what a line says: shortened, and without the user, the password and the query of a URL. */
export function quoted(text: string): string {
  const harmless = text.replace(/:\/\/[^/\s]*@/g, '://…@').replace(/(:\/\/[^\s?#]*)\?[^\s#]*/g, '$1?…')
  return `"${harmless.length > MAX_QUOTED ? `${harmless.slice(0, MAX_QUOTED - 1)}…` : harmless}"`
}
