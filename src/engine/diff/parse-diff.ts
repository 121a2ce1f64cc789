export { parseDiff, diffReader, diffLimits } from '../../core/parse-diff.ts';
