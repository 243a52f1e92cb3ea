import * as z from 'zod';
import { MigrationError } from '../../model/migration-error.ts';

const PRINCIPAL = /^arn:aws[\w-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/;

/**
 * Who may call the read API, and for which tenants.
 *
 * - a list: these tenants;
 * - `session`: the tenant that the role session is named after. The role's trust policy can enforce that name with the
 *   condition key sts:RoleSessionName (IAM User Guide, "IAM and AWS STS condition context keys");
 * - `any`: every tenant, for the service itself, which checks its users' tenants before it calls.
 */
export const callersSchema = z
  .array(
    z.strictObject({
      principal: z.string().regex(PRINCIPAL, 'is not the ARN of an IAM role or user'),
      tenants: z.union([z.literal(['any', 'session']), z.array(z.string().min(1)).min(1)]),
    }),
  )
  .min(1)
  .superRefine((callers, context) => {
    const names = callers.map(({ principal }) => withoutPath(principal));
    for (const [at, name] of names.entries()) {
      if (names.indexOf(name) === at) continue;
      const message = `is the same caller as number ${names.indexOf(name) + 1}: put all its tenants in one entry`;
      context.addIssue({ code: 'custom', path: [at, 'principal'], message });
    }
  });

export type Callers = z.infer<typeof callersSchema>;

const ASSUMED_ROLE = /^arn:(aws[\w-]*):sts::(\d{12}):assumed-role\/([^/]+)\/(.+)$/;
const ROLE = /^(arn:aws[\w-]*:iam::\d{12}:role\/)(?:.*\/)?([^/]+)$/;

/**
 * Checks that the caller, whom IAM has authorised, may read the tenant in the path.
 *
 * @param userArn `requestContext.authorizer.iam.userArn` of the event. It comes from the signature, so callers cannot
 * choose it.
 * @throws MigrationError CALLER_REFUSED
 */
export function checkCaller(callers: Callers, userArn: string, tenantId: string): void {
  const { principal, session } = callerOf(userArn);
  const grant = callers.find((caller) => withoutPath(caller.principal) === principal);
  if (grant === undefined) {
    throw new MigrationError('CALLER_REFUSED', 'The caller is not allowed to read.', {
      nextStep: 'Ask the operator to add the caller’s role to readPath.callers.',
    });
  }
  const { tenants } = grant;
  const isGranted = tenants === 'any' || (tenants === 'session' ? session === tenantId : tenants.includes(tenantId));
  if (!isGranted) {
    throw new MigrationError('CALLER_REFUSED', 'The caller may not read this tenant.', {
      nextStep: 'Request a tenant that the caller’s role is allowed to read.',
    });
  }
}

function callerOf(userArn: string): { readonly principal: string; readonly session?: string } {
  const [, partition, account, role, session] = ASSUMED_ROLE.exec(userArn) ?? [];
  if (session === undefined) return { principal: withoutPath(userArn) };
  return { principal: `arn:${partition}:iam::${account}:role/${role}`, session };
}

/** A session's ARN omits the path of its role, and role names are unique without it. */
function withoutPath(principal: string): string {
  return principal.replace(ROLE, '$1$2');
}
