// A recursive listing, `LIST -Ra` in the form of `ls -lRa`: text as it comes → folders with their entries. It proves
// itself or is rejected; knows nothing of how it comes.
import { child, isFileName, type RemotePath } from '../site.ts'
import { isDot, isFiller, neighbourOf, readLine, type ListedEntry } from './listing.ts'

/** A part of what a folder holds; a folder with many entries comes in several parts. */
export interface Section {
  readonly path: RemotePath
  readonly entries: readonly ListedEntry[]
  /**
   * How this part ends.
   *
   * - `more`: further parts follow
   * - `ended`: the section is over, and nothing shows that it lacks anything; only that the folder can be removed proves it
   * - `cut`: it is over, but not as the root's was; the folder is one of those that are `missing`
   */
  readonly ending: 'more' | 'ended' | 'cut'
}

/** Reads a recursive listing. */
export interface RecursiveListing {
  /** Takes the next piece of text; once the listing is rejected it does nothing. */
  push(text: string): void
  /** Takes the end of the transfer, without which nothing is sure to have ended. */
  end(): void
  /** Why nothing is believed from a certain line on, as a clause for the log; sections before it stay true. */
  readonly rejected: string | undefined
  /**
   * Folders whose content is not known: they were named and no section of theirs came, or it was cut. The root is one of
   * them where nothing came. Pure-FTPd leaves out what is beyond its limits, and every server what it may not read.
   */
  readonly missing: readonly RemotePath[]
  /** The root's section ended. Nothing else says that the server took `-Ra` for options at all. */
  readonly hasRoot: boolean
  /** Proven by now: links to folders are listed as links, so what is listed as a folder is one. See `showsLinks`. */
  readonly showsLinks: boolean
}

/** Entries of one part: enough to be worth a step, few enough that a folder of any size takes no memory. */
const PART_ENTRIES = 500

/** A link that leads up and is listed as a folder makes a tree that never ends; environments are about ten deep. */
const MAX_DEPTH = 64

/** No file system takes a name and a target that long. */
const MAX_LINE_LENGTH = 16_384

/** How a listing writes the paths of its headers: `/site/x/lib:`, `./lib:` or `lib:`. */
type HeaderForm = 'absolute' | 'dotted' | 'bare'

/**
 * Reads the answer to `LIST -Ra root` line by line, and hands on each folder's entries as they come.
 *
 * A header counts only where it names the root, or a folder that was named before and whose section has not come: a path
 * is never made of text alone. After a blank line only a header may follow. Whatever else comes rejects the listing from
 * there on. That a section lacks lines at its end cannot be seen where they named no folder, or where it is the last one: a
 * cut after a whole line looks like the end. Removing the folder then fails, and whoever does that has to list it again.
 */
export function recursiveListing(root: RemotePath, now: Date, onSection: (section: Section) => void): RecursiveListing {
  const reader = sectionReader(root, now, onSection)
  const lines = lineSplitter(reader.line)
  return {
    push(text) {
      if (reader.state.rejected === undefined && !lines.push(text)) reader.reject('it has a line without an end')
    },
    end() {
      if (reader.state.rejected !== undefined) return
      // Half a name is another name.
      if (lines.rest !== '') reader.reject('it breaks off within a line')
      else reader.end()
    },
    get rejected() {
      return reader.state.rejected
    },
    get missing() {
      return reader.missing()
    },
    get hasRoot() {
      return reader.state.hasRoot
    },
    get showsLinks() {
      // Where a line feed alone ends a line, one in a name could forge the proof.
      return reader.state.showsLinks && lines.lineEnd === '\r\n'
    }
  }
}

/** What is known of the listing so far. */
interface State {
  /** Folders that were named and whose section has not come. */
  readonly pending: Set<RemotePath>
  readonly cut: RemotePath[]
  rejected: string | undefined
  hasRoot: boolean
  showsLinks: boolean
}

/** The section that is being read. */
interface Current {
  readonly path: RemotePath
  entries: ListedEntry[]
  readonly links: Set<string>
  /** What links of this section lead to, where that would stand beside them. */
  readonly targets: Set<string>
  hasLines: boolean
  isReadable: boolean
  /** Lines of the folder itself and of the one above. */
  dots: number
}

/** Puts lines together to sections. */
function sectionReader(
  root: RemotePath,
  now: Date,
  onSection: (section: Section) => void
): {
  readonly state: State
  readonly line: (text: string) => void
  readonly reject: (why: string) => void
  readonly end: () => void
  readonly missing: () => readonly RemotePath[]
} {
  const state: State = { pending: new Set([root]), cut: [], rejected: undefined, hasRoot: false, showsLinks: false }
  const headers = headerReader(root, state.pending)
  let current: Current | undefined
  let isAfterBlank = false
  // `-a` shows `.` and `..`. Where the root's section has them, one without them was cut: Pure-FTPd prints the mere header
  // of what lies beyond its limits.
  let dots = 0

  const hand = (ending: Section['ending']): void => {
    if (!current) return
    onSection({ path: current.path, entries: current.entries, ending })
    current.entries = []
  }
  const finish = (): void => {
    if (!current) return
    const isRoot = current.path === root
    if (isRoot) dots = current.dots
    // A section without a line is that of an empty folder only where no folder shows itself.
    const isWhole = dots > 0 ? current.dots >= dots : current.isReadable || !(current.hasLines || isRoot)
    if (!isWhole) state.cut.push(current.path)
    else state.hasRoot = true
    hand(isWhole ? 'ended' : 'cut')
    current = undefined
  }
  const begin = (path: RemotePath): Current => {
    finish()
    state.pending.delete(path)
    isAfterBlank = false
    current = openSection(path)
    return current
  }
  const reject = (why: string): void => {
    state.rejected ??= why
    if (current) state.cut.push(current.path)
    hand('cut')
    current = undefined
  }
  const line = (text: string): void => {
    if (state.rejected !== undefined) return
    if (text.trim() === '') {
      isAfterBlank = true
      return
    }
    const path = !current || isAfterBlank ? headers.read(text) : undefined
    if (path !== undefined) {
      begin(path)
      return
    }
    // A blank line may stand between a header and its entries, and after those only another header may come.
    const isEntry = !current?.hasLines || !isAfterBlank
    const why = isEntry ? take(current ?? begin(root), text, { state, root, now }) : UNNAMED
    isAfterBlank = false
    if (why !== undefined) reject(why)
    else if ((current?.entries.length ?? 0) >= PART_ENTRIES) hand('more')
  }
  // Before the end, nothing is sure of the section that is being read.
  const missing = (): readonly RemotePath[] => [...state.cut, ...(current ? [current.path] : []), ...state.pending]
  return { state, line, reject, end: finish, missing }
}

const UNNAMED = 'it has a section for no folder that it named'

function openSection(path: RemotePath): Current {
  return {
    path,
    entries: [],
    links: new Set(),
    targets: new Set(),
    hasLines: false,
    isReadable: false,
    dots: 0
  }
}

interface Around {
  readonly state: State
  readonly root: RemotePath
  readonly now: Date
}

/** Takes an entry's line into a section; returns why the listing cannot be believed. */
function take(section: Current, line: string, { state, root, now }: Around): string | undefined {
  const isFirst = !section.hasLines
  section.hasLines = true
  if (isFiller(line)) return undefined
  const { entry, isReadable } = readLine(line, now)
  if (!isReadable && isFirst && line.endsWith(':')) return UNNAMED
  section.isReadable ||= isReadable
  if (isDot(entry)) {
    section.dots++
    return undefined
  }
  const path = below(section.path, entry.name)
  // One name may not be two things: a line break in a name can look like a line of its own. Nothing is said of either.
  if (state.pending.has(path) || (entry.kind === 'directory' && section.links.has(entry.name))) {
    state.pending.delete(path)
    section.entries = section.entries.filter(({ name }) => name !== entry.name)
    return 'it names one thing twice'
  }
  section.entries.push(entry)
  if (entry.kind === 'link') noteLink(section, entry, state)
  if (entry.kind !== 'directory' || !isFileName(entry.name)) return undefined
  if (path.slice(root.length).split('/').length - 1 > MAX_DEPTH) return TOO_DEEP
  state.pending.add(child(section.path, entry.name))
  state.showsLinks ||= section.targets.has(entry.name)
  return undefined
}

const TOO_DEEP = 'it is too deep: a link may be listed as a folder'

function noteLink(section: Current, link: ListedEntry, state: State): void {
  section.links.add(link.name)
  const neighbour = neighbourOf(link)
  if (neighbour === undefined) return
  section.targets.add(neighbour)
  state.showsLinks ||= state.pending.has(below(section.path, neighbour))
}

/** Only to be compared with paths that were made with `child`. */
function below(directory: RemotePath, name: string): RemotePath {
  return `${directory}/${name}` as RemotePath
}

/** Reads headers, all of which have the form of the first one. */
function headerReader(
  root: RemotePath,
  pending: ReadonlySet<RemotePath>
): { read(line: string): RemotePath | undefined } {
  let form: HeaderForm | undefined
  return {
    read(line) {
      if (!line.endsWith(':')) return undefined
      const text = line.slice(0, -1)
      const found: HeaderForm = text.startsWith('/') ? 'absolute' : /^\.(?:\/|$)/.test(text) ? 'dotted' : 'bare'
      if (form !== undefined && form !== found) return undefined
      const path = { absolute: text, dotted: root + text.slice(1), bare: `${root}/${text}` }[found] as RemotePath
      // It is a path only because it equals one that was named.
      if (!pending.has(path)) return undefined
      form = found
      return path
    }
  }
}

/** Splits text into lines, all of which end like the first one. */
function lineSplitter(onLine: (line: string) => void): {
  push(text: string): boolean
  readonly rest: string
  readonly lineEnd: '\r\n' | '\n' | undefined
} {
  let rest = ''
  let lineEnd: '\r\n' | '\n' | undefined
  return {
    push(text) {
      const all = rest + text
      const first = all.indexOf('\n')
      // A name may hold a line feed: where lines end with both characters, it ends none.
      if (first !== -1) lineEnd ??= all[first - 1] === '\r' ? '\r\n' : '\n'
      let from = 0
      if (lineEnd !== undefined) {
        for (let to = all.indexOf(lineEnd); to !== -1; to = all.indexOf(lineEnd, from)) {
          onLine(all.slice(from, to))
          from = to + lineEnd.length
        }
      }
      rest = all.slice(from)
      return rest.length <= MAX_LINE_LENGTH
    },
    get rest() {
      return rest
    },
    get lineEnd() {
      return lineEnd
    }
  }
}
