// Which processes a process has started, as Linux tells it in /proc.
import { readFile, readdir } from 'node:fs/promises'

/** Each child of a process with all that are below it, by age; those that end meanwhile may be missing. */
export async function families(ancestor: number): Promise<readonly (readonly number[])[]> {
  const pids = (await readdir('/proc')).map(Number).filter(pid => pid > 0)
  const parents = await Promise.all(pids.map(parentOf))
  const childrenOf = (parent: number): readonly number[] =>
    pids.filter((_, at) => parents[at] === parent).sort((a, b) => a - b)
  const family = (pid: number): readonly number[] => [pid, ...childrenOf(pid).flatMap(family)]
  return childrenOf(ancestor).map(family)
}

/** The name of the program stands in brackets before it, and may hold anything. */
async function parentOf(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const parent = /.*\) \S (\d+)/s.exec(text)?.[1]
  return parent === undefined ? undefined : Number(parent)
}
