// The thread that keeps a vector index, as an entry of the bundle.
import { runVectorWorker } from '../src/host/vectors/vector-worker.ts';

await runVectorWorker();
