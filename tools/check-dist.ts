// Compares the freshly built dist/ with the committed one, byte for byte.
import { execFileSync } from 'node:child_process'

const changed = execFileSync('git', ['status', '--porcelain', '--', 'dist'], { encoding: 'utf8' }).trim()
if (changed !== '') {
  process.stderr.write(`dist/ is not what src/ builds; run "npm run build" and commit the result:\n${changed}\n`)
  process.exitCode = 1
} else {
  process.stdout.write('dist/ is what src/ builds\n')
}
