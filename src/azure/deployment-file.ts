// `.deployment`, by which a package names the script that deploys it: read as Kudu reads it. Pure, and without a look at files.

/** What `.deployment` says. */
export interface DeploymentFile {
  /** Takes the place of App Service's own build; `undefined`: there is none. */
  readonly command: string | undefined
  /** The folder or project to deploy, which Kudu looks at only where there is no command. */
  readonly project: string | undefined
}

/**
 * Reads `.deployment` by the rules of projectkudu/kudu, `Kudu.Core/Infrastructure/IniFile.cs`.
 *
 * Sections and keys in any case, the last of two counts, also of two sections: the earlier one is forgotten as a whole. There
 * are no comments and no quotes: a line that begins with `;` or `#` is a key that nobody asks for.
 */
export function parseDeploymentFile(text: string): DeploymentFile {
  let section = ''
  let config = new Map<string, string>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const value = line.trim()
    const name = /^\[(.+)\]$/.exec(value)?.[1]?.trim().toLowerCase()
    if (name !== undefined) {
      section = name === '' ? section : name
      if (name === 'config') config = new Map()
    } else if (section === 'config') {
      const at = value.indexOf('=')
      if (at > 0) config.set(value.slice(0, at).trim().toLowerCase(), value.slice(at + 1).trim())
    }
  }
  return { command: config.get('command') || undefined, project: config.get('project') || undefined }
}

/** What runs a script that is named after it. */
const SHELLS = ['bash', 'sh', 'dash', 'cmd', 'call', 'source', '.', 'exec', 'command']

/** Operators between commands, and the quotes around what is one word. */
const WORDS = /&&|\|\||[;&|]|(?:"[^"]*"|'[^']*'|[^\s;&|"'])+/g

/**
 * Names the script that a command runs, as a path with `/` from where the command starts; `undefined`: it runs none, several,
 * or something that is no batch or shell script.
 *
 * Kudu starts commands at the top of the repository, which is what `DEPLOYMENT_SOURCE` names. The path may lead anywhere.
 */
export function scriptOfCommand(command: string): string | undefined {
  const scripts = new Set(scriptsOf(command, 0))
  return scripts.size === 1 ? [...scripts][0] : undefined
}

function scriptsOf(command: string, depth: number): readonly string[] {
  // cmd takes away one pair of quotes around all that follows, whatever stands in between.
  const behindCmd = /^\s*"?(?:[^"\s]*[\\/])?cmd(?:\.exe)?"?\s+(?:\/[a-z]\s+)*\/c\s+(.*?)\s*$/i.exec(command)?.[1]
  if (behindCmd !== undefined && depth < 3) return scriptsOf(behindCmd.replace(/^"(.*)"$/, '$1'), depth + 1)
  const words = command.match(WORDS) ?? []
  const commands: string[][] = [[]]
  for (const word of words) {
    if (/^[;&|]/.test(word)) commands.push([])
    else commands.at(-1)?.push(word)
  }
  return commands.flatMap(simple => scriptsOfSimple(simple, depth))
}

function scriptsOfSimple(words: readonly string[], depth: number): readonly string[] {
  for (const [index, word] of words.entries()) {
    const bare = unquoted(word)
    if (/^-[a-z]*c$/i.test(bare) && depth < 3) return scriptsOf(unquoted(words[index + 1] ?? ''), depth + 1)
    if (bare.startsWith('-')) continue
    const path = normalised(bare)
    const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
    if (/\.(cmd|bat|sh|bash)$/.test(name)) return [path]
    // A word without an ending is a shell; after a shell, it is a script without an ending.
    if (!SHELLS.includes(name.replace(/\.exe$/, '')) && bare !== '.') {
      return index > 0 && /^(ba|da)?sh(\.exe)?$/.test(lastName(words[0])) && !name.includes('.') ? [path] : []
    }
  }
  return []
}

function lastName(word = ''): string {
  const path = normalised(unquoted(word))
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase()
}

function unquoted(word: string): string {
  return word.replace(/^(["'])(.*)\1$/, '$2')
}

function normalised(path: string): string {
  const unix = path.replace(/["']/g, '').replaceAll('\\', '/')
  const fromTop = unix.replace(/^(%DEPLOYMENT_SOURCE%|\$DEPLOYMENT_SOURCE|\$\{DEPLOYMENT_SOURCE\}|\$PWD|%CD%)\//i, '')
  return fromTop.replace(/^(\.\/+)+/, '').replace(/\/+/g, '/')
}
