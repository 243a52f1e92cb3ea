import { MigrationError } from '../functions/model/migration-error.ts';

/** Why nothing can listen on a port, with the remedy; what was thrown itself where that is something else. */
export function listenFault(port: number, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  const nextStep = 'Choose another port with --port, or run it without --port for a free one.';
  if (code === 'EADDRINUSE') {
    return new MigrationError('PORT_BUSY', `Port ${port} is taken by another process.`, { cause, nextStep });
  }
  if (code === 'EACCES') {
    return new MigrationError('PORT_FORBIDDEN', `You may not listen on port ${port}.`, { cause, nextStep });
  }
  return cause;
}
