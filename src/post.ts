// The post step's entry: the real ports in. Nothing imports it.
import * as core from '@actions/core'
import { runPost } from './action.ts'
import { plain } from './escape.ts'
import { realPorts } from './real-ports.ts'

try {
  await runPost(realPorts(core))
} catch (error) {
  // A finished deployment never turns red because of this step.
  core.warning(plain(error instanceof Error ? error.message : String(error), 2000))
}
