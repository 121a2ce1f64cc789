// A thread that reads and parses files for the code index.
import { serveParser } from '../src/host/code-index/parser-worker.ts';

serveParser();
