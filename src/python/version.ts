// Python versions as this project compares them: major.minor, nothing finer. Pure.

/** `X.Y`, both without leading zeros. */
export type PythonVersion = `${number}.${number}`

/** What is wrong with a version that a user wrote; `message` continues a sentence that begins with the value. */
export class PythonVersionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PythonVersionError'
  }
}

/**
 * Takes the leading `X.Y` of text that a program wrote (`3.12.4`, `3.12.1.final.0`, `3.13.0rc1`).
 *
 * `undefined`: there is none.
 */
export function leadingVersion(text: string): PythonVersion | undefined {
  const match = /^\s*(\d{1,2})\.(\d{1,3})(?!\d)/.exec(text)
  return match ? versionOf(match[1], match[2]) : undefined
}

/** The version in a folder name such as `python3.12`; `undefined` for any other name, `python3.12t` (free-threaded) included. */
export function versionOfLibrary(name: string): PythonVersion | undefined {
  const match = /^python(\d)\.(\d{1,3})$/.exec(name)
  return match ? versionOf(match[1], match[2]) : undefined
}

/** The version in a marker of Kudu's Windows script, `azure.env.python-3.4.txt`; `undefined` for any other name. */
export function versionOfMarker(name: string): PythonVersion | undefined {
  const match = /^azure\.env\.python-(\d)\.(\d{1,3})(?:\.\d+)?\.txt$/i.exec(name)
  return match ? versionOf(match[1], match[2]) : undefined
}

/**
 * The version in Kudu's `runtime.txt` (`python-3.4.1`; the micro version is ignored).
 *
 * `undefined`: Kudu's script would not read it either. A leading blank or a byte-order mark makes it fail
 * (projectkudu/KuduScript, the Python selection script).
 */
export function versionOfRuntime(text: string): PythonVersion | undefined {
  const match = /^python-(\d)\.(\d{1,3})(?:\.\d+)?\s*$/i.exec(text.split('\n')[0] ?? '')
  return match ? versionOf(match[1], match[2]) : undefined
}

/** Reads what a user wrote as `3.12`, `3.12.4` or `python-3.4.1`; throws `PythonVersionError` that names the mend. */
export function parseWantedVersion(text: string): PythonVersion {
  const match = /^(?:python-)?(\d)\.(\d{1,2})(?:\.\d{1,3})?$/i.exec(text)
  if (match?.[1] === '3' && match[2] === '1' && !text.startsWith('python-') && text === '3.1') {
    throw new PythonVersionError(`is what YAML makes of an unquoted 3.10: write '3.10' in quotes`)
  }
  if (match && (match[1] === '2' || match[1] === '3')) return versionOf(match[1], match[2])
  throw new PythonVersionError(`${whatItIs(text)}: write the version that the app runs, such as '3.12'`)
}

function whatItIs(text: string): string {
  if (/^(pypy|graalpy|jython)/i.test(text)) return 'is another interpreter, App Service runs CPython'
  if (/^[<>=~^!]|[,|* ]|\s-\s/.test(text)) return 'is a range, and an environment has one version'
  if (/\.x/i.test(text)) return 'is a wildcard, and an environment has one version'
  if (/^\d.*(dev|alpha|beta|rc|[ab]\d|\dt$)/i.test(text)) return 'is a pre-release or a special build'
  if (/^\d+\.\d+(\.\d+)?$/.test(text)) return 'is no version that Python has had'
  return 'is not a version of the form X.Y'
}

function versionOf(major: string | undefined, minor: string | undefined): PythonVersion {
  return `${Number(major)}.${Number(minor)}`
}
