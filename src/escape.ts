// Makes text from the server or the package harmless before it reaches the log or the job summary. Pure.

/**
 * Makes foreign text safe within one line of a log.
 *
 * Control, formatting and line-breaking characters are shown as `\u{…}`, and the two openings of a workflow command
 * (`::` at the start of a line, `##[` anywhere in one) are broken up, because the runner acts on any line that is printed.
 */
export function plain(text: string, maxLength = 200): string {
  const shown = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, mark => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`)
    .replaceAll('::', ':\\u{3a}')
    .replaceAll('##[', '##\\u{5b}')
  // Cut between characters: half a surrogate pair would be no text at all.
  return shown.length > maxLength ? `${shown.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '')}…` : shown
}

/**
 * Shows foreign text as a Markdown code span, in which neither Markdown, HTML, links nor mentions act (GFM section 6.3).
 *
 * The pipe is escaped for table cells, where it would end the cell even within a code span (GFM section 4.10).
 */
export function code(text: string, maxLength = 200): string {
  const shown = plain(text, maxLength)
  if (shown === '') return ''
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(run => run[0].length))
  const fence = '`'.repeat(longest + 1)
  const space = shown.startsWith('`') || shown.endsWith('`') || shown.trim() === '' ? ' ' : ''
  return `${fence}${space}${shown.replaceAll('|', '\\|')}${space}${fence}`
}

/**
 * Shows foreign text as running Markdown text: every punctuation mark is escaped (CommonMark section 2.4), so that it
 * reads as it is and nothing in it acts. An `@` becomes a code span, because mentions and addresses are linked after
 * escapes have been resolved.
 */
export function prose(text: string, maxLength = 500): string {
  return plain(text, maxLength).replace(/[!-/:-@[-`{-~]/g, mark => (mark === '@' ? '`@`' : `\\${mark}`))
}

/** Joins names to a list in a sentence, at most `most` of them, for the log. */
export function listed(names: readonly string[], most = 10): string {
  const shown = names.slice(0, most).map(name => plain(name, 80))
  const rest = names.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}

/** Makes a Markdown table of cells that are escaped already. The first row is the header only where GitHub needs one; here each row carries its own heading. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const [first, ...others] = rows
  if (!first) return ''
  return [
    `| ${first[0]} | ${first[1]} |`,
    '| --- | --- |',
    ...others.map(([head, text]) => `| ${head} | ${text} |`)
  ].join('\n')
}
