// A file of its own so that the parser loads only when there is something to parse.
export { LineCounter, parse, parseDocument, stringify } from 'yaml';
