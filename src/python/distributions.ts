// Which distributions lie in a site-packages folder, told from one listing of it. Pure.
import { compare, explain } from '@renovatebot/pep440'
import type { RemoteEntry } from '../site.ts'

/** An installed distribution. */
export interface Distribution {
  /** Normalised as PEP 503 says: lower case, runs of `-`, `_` and `.` as one `-`. */
  readonly name: string
  readonly version: string
  /** What its metadata is called in the listing, such as `flask-3.0.0.dist-info`. */
  readonly entry: string
}

/**
 * What installs and builds, and is never meant to go: venv, virtualenv and Debian's Python put it there, and Oryx its uv
 * (microsoft/Oryx, the Python build script).
 */
export const INSTALLERS: ReadonlySet<string> = new Set([
  'pip',
  'setuptools',
  'wheel',
  'pkg-resources',
  'distribute',
  'uv'
])

/** Where metadata lies, the form that pip itself writes first. */
const FORMS = ['.dist-info', '.egg-info', '.egg']

/** Normalises a distribution's name (PEP 503). */
export function normalizeName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase()
}

/**
 * Reads the distributions off the names of `*.dist-info`, `*.egg-info` and `*.egg` (PEP 376, PEP 427; the last are
 * easy_install's, setuptools' "Internal structure of Python eggs"), sorted by name.
 *
 * pip's left-overs of an interrupted uninstallation begin with what no name begins with, `~` or (pip 19.0) `-`: they are
 * no distributions.
 */
export function distributionsIn(sitePackages: readonly RemoteEntry[]): readonly Distribution[] {
  const found = new Map<string, Distribution>()
  for (const { name: entry } of sitePackages) {
    const match =
      /^([A-Za-z\d].*)-([^-]+)\.dist-info$/.exec(entry) ??
      /^([A-Za-z\d].*?)-([^-]+)(?:-py\d[\d.]*(?:-[\w.-]+)?)?\.egg(?:-info)?$/.exec(entry)
    if (!match) continue
    const [, name = '', version = ''] = match
    const distribution = { name: normalizeName(name), version, entry }
    const key = `${distribution.name} ${version}`
    const known = found.get(key)
    if (!known || order(placeOf(entry), placeOf(known.entry)) < 0) found.set(key, distribution)
  }
  return [...found.values()].sort((a, b) => order(a.name, b.name) || order(a.version, b.version))
}

/** The names that are installed in more than one version (by PEP 440): what an installation over an old one leaves. */
export function installedTwice(distributions: readonly Distribution[]): readonly string[] {
  const first = new Map<string, string>()
  const twice = new Set<string>()
  for (const { name, version } of distributions) {
    const known = first.get(name)
    if (known === undefined) first.set(name, version)
    else if (!isSameVersion(known, version)) twice.add(name)
  }
  return [...twice].sort()
}

/** 1.0 is 1.0.0, and what is no version by PEP 440 is only itself. */
function isSameVersion(one: string, other: string): boolean {
  if (explain(one) && explain(other)) return compare(one, other) === 0
  return one === other
}

function placeOf(entry: string): string {
  return `${FORMS.findIndex(form => entry.endsWith(form))} ${entry}`
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
