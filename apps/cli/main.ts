import { readOwnHouse } from '#platform/config';
import { endOf } from './end-of.js';
import { lagomProgram } from './program.js';

const end = await endOf(() => lagomProgram(readOwnHouse).parseAsync());
if (end !== undefined) process.exitCode = end;
