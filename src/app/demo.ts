// The command line may not touch the host itself; this is its door to the demo's repository.
export { demoProject } from '../host/demo-project.ts';
