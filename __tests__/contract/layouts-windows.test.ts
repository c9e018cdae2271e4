// The matrix of the sites of Kudu's Windows script, cell by cell.
import { WINDOWS_SITES } from '../../tools/layouts/windows-sites.ts'
import { describeLayouts } from './layouts-cells.ts'

describeLayouts(WINDOWS_SITES)
