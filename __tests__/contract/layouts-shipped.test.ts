// The matrix of the site whose environment comes with its package, cell by cell.
import { SHIPPED_SITES } from '../../tools/layouts/shipped-sites.ts'
import { describeLayouts } from './layouts-cells.ts'

describeLayouts(SHIPPED_SITES)
