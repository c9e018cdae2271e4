// ProFTPD: sweeps without the action around them.
import { whyMissing } from '../../tools/servers/daemon.ts'
import { proftpd } from '../../tools/servers/proftpd.ts'
import { sweepSuite } from './sweep-suite.ts'

sweepSuite(proftpd, await whyMissing(proftpd))
