import type { IncomingHttpHeaders } from 'node:http';
import { refused } from '../front/answers.ts';
import { type Front, startFront } from '../front/front.ts';
import { type TableCommand, tablesOf } from './asked-rights.ts';
import { isAllowed, type Rights } from './function-rights.ts';

export interface RightsFront extends Front {
  /** What was denied, once each: `function action table`. */
  denied(): readonly string[];
}

/**
 * Starts an HTTP server before the engine that denies a function what its role's policies do not allow, as DynamoDB does. A function's
 * access key is its logical id. Whoever has another key may do everything.
 */
export async function startRightsFront(engineUrl: string, rights: ReadonlyMap<string, Rights>): Promise<RightsFront> {
  const allDenied = new Set<string>();
  // The same few things are asked all the time, and a transaction asks for one of them a hundred times.
  const decided = new Map<string, boolean>();
  const mayAsk = (caller: string, own: Rights, action: string, table: string): boolean => {
    const asked = `${caller} ${action} ${table}`;
    const known = decided.get(asked) ?? isAllowed(own, action, table);
    decided.set(asked, known);
    return known;
  };
  const front = await startFront<TableCommand>(engineUrl, async ({ operation, headers, request, send }) => {
    const caller = accessKeyOf(headers);
    const own = rights.get(caller);
    if (own === undefined) return send();
    const denied = tablesOf(operation, request).find(([action, table]) => !mayAsk(caller, own, action, table));
    if (denied === undefined) return send();
    allDenied.add([caller, ...denied].join(' '));
    return refused(accessDenied(caller, denied));
  });
  return { ...front, denied: () => [...allDenied] };
}

/** The access key that a request is signed with (API Reference, "Signing AWS API requests", Authorization header). */
function accessKeyOf({ authorization = '' }: IncomingHttpHeaders): string {
  return /Credential=([^/]+)\//.exec(authorization)?.[1] ?? '';
}

/** As DynamoDB puts it (IAM User Guide, "Troubleshoot access denied error messages"). */
function accessDenied(caller: string, [action, table]: readonly [string, string]): object {
  return {
    __type: 'com.amazon.coral.service#AccessDeniedException',
    Message:
      `User: arn:aws:sts::000000000000:assumed-role/${caller} is not authorized to perform: dynamodb:${action} on resource: ` +
      `arn:aws:dynamodb:us-east-1:000000000000:table/${table} because no identity-based policy allows the dynamodb:${action} action`,
  };
}
