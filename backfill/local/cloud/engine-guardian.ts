import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs Java with the arguments given, and ends it when the channel to the parent closes. That happens however the parent
 * ends, by SIGKILL too: nothing in the parent could do this for itself. The engine unpacks a library into the folder for temporary
 * files and leaves it there when it is killed, and writes dynamodb-local-metadata.json into the folder it runs in. So both
 * are a folder of its own, which goes with it.
 *
 * Without a UTF-8 locale Java cannot open a file whose path has a letter outside ASCII, the engine's own among them.
 */
const temporaryFiles = mkdtempSync(join(tmpdir(), 'dynamodb-local-'));
const java = spawn('java', [`-Djava.io.tmpdir=${temporaryFiles}`, ...process.argv.slice(2)], {
  cwd: temporaryFiles,
  env: { ...process.env, LC_ALL: 'C.UTF-8' },
  stdio: ['ignore', 'ignore', 'inherit'],
});
java.once('spawn', () => process.send?.({ pid: java.pid }));
java.once('exit', (code) => {
  rmSync(temporaryFiles, { recursive: true, force: true });
  process.exit(code ?? 1);
});
for (const end of ['disconnect', 'SIGTERM', 'SIGINT']) process.once(end, () => java.kill('SIGKILL'));
