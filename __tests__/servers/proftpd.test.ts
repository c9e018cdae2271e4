// ProFTPD: the suite that every real server has to pass.
import { whyMissing } from '../../tools/servers/daemon.ts'
import { proftpd } from '../../tools/servers/proftpd.ts'
import { suite } from './suite.ts'

suite(proftpd, await whyMissing(proftpd))
