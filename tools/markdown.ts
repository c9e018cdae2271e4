// The few pieces of Markdown that generated documentation is made of.

/** Prints a table. Cells are one line each; what would end a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cellText).join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function cellText(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim()
}

/** Prints a text as code; the text has no backtick. */
export function codeSpan(text: string): string {
  return `\`${text}\``
}

/** Keeps Prettier away, which would pad each row to the width of the longest cell. */
export function unformatted(body: string): string {
  return `<!-- prettier-ignore-start -->\n\n${body}\n\n<!-- prettier-ignore-end -->`
}
