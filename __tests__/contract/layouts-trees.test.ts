// The matrix of the sites that keep a tree over their deployments, cell by cell.
import { TREE_SITES } from '../../tools/layouts/tree-sites.ts'
import { describeLayouts } from './layouts-cells.ts'

describeLayouts(TREE_SITES)
