// vsftpd: sweeps without the action around them.
import { whyMissing } from '../../tools/servers/daemon.ts'
import { vsftpd } from '../../tools/servers/vsftpd.ts'
import { sweepSuite } from './sweep-suite.ts'

sweepSuite(vsftpd, await whyMissing(vsftpd))
