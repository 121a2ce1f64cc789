export { madeBy } from '../../core/made.ts';
