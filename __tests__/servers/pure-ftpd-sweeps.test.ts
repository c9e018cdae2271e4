// Pure-FTPd: sweeps without the action around them.
import { whyMissing } from '../../tools/servers/daemon.ts'
import { pureFtpd } from '../../tools/servers/pure-ftpd.ts'
import { sweepSuite } from './sweep-suite.ts'

sweepSuite(pureFtpd, await whyMissing(pureFtpd))
