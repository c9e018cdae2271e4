// A runner in memory: gives the inputs of a step, and keeps all that the step tells it.
import type { Runner } from '../../src/ports.ts'

/** What a step told its runner. */
export interface Heard {
  readonly core: Runner
  readonly outputs: Map<string, string>
  readonly lines: string[]
  readonly warnings: string[]
  readonly masked: string[]
  readonly summary: () => string
}

/** Makes a runner. `state`: what the main step saves in it, the post step of the same job loads. */
export function runnerWith(inputs: Readonly<Record<string, string>>, state: Map<string, string>): Heard {
  const outputs = new Map<string, string>()
  const [lines, warnings, masked, summary]: [string[], string[], string[], string[]] = [[], [], [], []]
  const core: Runner = {
    getInput: name => inputs[name] ?? '',
    setSecret: secret => void masked.push(secret),
    setOutput: (name, value) => void outputs.set(name, value),
    saveState: (name, value) => void state.set(name, value),
    getState: name => state.get(name) ?? '',
    startGroup: name => void lines.push(`> ${name}`),
    endGroup: () => void lines.push('<'),
    info: line => void lines.push(line),
    warning: text => void warnings.push(text),
    notice: () => undefined,
    debug: () => undefined,
    isDebug: () => false,
    summary: {
      addRaw: text => {
        summary.push(text)
        return { write: () => Promise.resolve() }
      }
    }
  }
  return { core, outputs, lines, warnings, masked, summary: () => summary.join('') }
}
