import { spawn } from 'node:child_process';

/**
 * Runs Java with the arguments given, and ends it when the channel to the parent closes. That happens however the parent
 * ends, by SIGKILL too: nothing in the parent could do this for itself.
 */
const java = spawn('java', process.argv.slice(2), { stdio: ['ignore', 'ignore', 'inherit'] });
java.once('spawn', () => process.send?.({ pid: java.pid }));
java.once('exit', (code) => process.exit(code ?? 1));
process.once('disconnect', () => java.kill('SIGKILL'));
