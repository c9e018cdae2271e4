// The main step's entry: the real ports in, one try, one catch. Nothing imports it.
import * as core from '@actions/core'
import { runMain } from './action.ts'
import { plain } from './escape.ts'
import { realPorts } from './real-ports.ts'

try {
  await runMain(realPorts(core))
} catch (error) {
  core.setFailed(plain(error instanceof Error ? error.message : String(error), 2000))
  if (error instanceof Error && error.stack !== undefined) core.debug(plain(error.stack, 5000))
}
