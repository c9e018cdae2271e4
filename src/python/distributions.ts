// Which distributions lie in a site-packages folder, told from one listing of it. Pure.
import type { RemoteEntry } from '../site.ts'

/** An installed distribution. */
export interface Distribution {
  /** Normalised as PEP 503 says: lower case, runs of `-`, `_` and `.` as one `-`. */
  readonly name: string
  readonly version: string
}

/** Normalises a distribution's name (PEP 503). */
export function normalizeName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase()
}

/**
 * Reads the distributions off the names of `*.dist-info`, `*.egg-info` and `*.egg` (PEP 376, PEP 427; the last are
 * easy_install's, setuptools' "Internal structure of Python eggs"), sorted by name.
 *
 * pip's left-overs of an interrupted uninstallation, which begin with `~`, are no distributions.
 */
export function distributionsIn(sitePackages: readonly RemoteEntry[]): readonly Distribution[] {
  const found = new Map<string, Distribution>()
  for (const { name: entry } of sitePackages) {
    const match =
      /^([^~].*)-([^-]+)\.dist-info$/.exec(entry) ??
      /^([^~].*?)-([^-]+)(?:-py\d[\d.]*(?:-[\w.-]+)?)?\.egg(?:-info)?$/.exec(entry)
    if (!match) continue
    const [, name = '', version = ''] = match
    const distribution = { name: normalizeName(name), version }
    found.set(`${distribution.name} ${version}`, distribution)
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** The names that are installed in more than one version: what an installation over an old one leaves. */
export function installedTwice(distributions: readonly Distribution[]): readonly string[] {
  const names = distributions.map(({ name }) => name)
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}
