import { type IAspect, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';
import { TABLE_ROLES } from '../functions/migration/tables.ts';
import { keyOfTable, type Settings } from './settings.ts';

/**
 * What using a table or a bucket takes of its key. DynamoDB and S3 ask KMS in the name of whoever calls them (DynamoDB
 * Developer Guide, "Encryption at rest: how it works"; S3 User Guide, "Using server-side encryption with AWS KMS keys"). The
 * actions are those that CDK grants for tables (aws-cdk-lib, aws-dynamodb, perms), without wildcards.
 */
const READING = ['kms:Decrypt', 'kms:DescribeKey'];
const WRITING = ['kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKey'];

// UpdateTable: what turning a stream on takes of the key is documented nowhere, so it gets what writing takes.
const READS = /^dynamodb:(BatchGetItem|ConditionCheckItem|GetItem|GetRecords|Query|Scan)$|^s3:GetObject/;
const WRITES = /^dynamodb:(BatchWriteItem|DeleteItem|PartiQL\w+|PutItem|UpdateItem|UpdateTable)$|^s3:PutObject$/;

/** A service's data, its key, and how to tell whether a statement is about it. */
interface Encrypted {
  readonly service: 'dynamodb' | 's3';
  readonly keyArn: string;
  readonly isNamedIn: (resources: string) => boolean;
}

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
}

/**
 * Whoever may use a table or the bucket of failures may use its key, and only by that service; and every log group gets the
 * key for logs. So no policy and no function has to think of keys, and none can forget them. Without a key in the settings
 * it does nothing.
 */
export class KeyRights implements IAspect {
  private readonly logs: string | undefined;
  private readonly encrypted: readonly Encrypted[];

  /** @param bucketArn the bucket of failures, as the policies of this stack name it. */
  constructor(stack: Stack, settings: Settings, bucketArn: string) {
    const { failures, logs } = settings.keys;
    this.logs = logs;
    const tables = TABLE_ROLES.flatMap((role): Encrypted[] => {
      const keyArn = keyOfTable(settings, role);
      const arn = new RegExp(`:table/${settings.tables[role].replaceAll('.', '\\.')}["/]`);
      return keyArn === undefined ? [] : [{ service: 'dynamodb', keyArn, isNamedIn: (text) => arn.test(text) }];
    });
    const bucket = JSON.stringify(stack.resolve(bucketArn));
    this.encrypted = failures
      ? [...tables, { service: 's3', keyArn: failures, isNamedIn: (text) => text.includes(bucket) }]
      : tables;
  }

  visit(node: IConstruct): void {
    // The log groups' names are not known beforehand, so the key's policy names the account's groups: README.md.
    if (this.logs !== undefined && node instanceof CfnLogGroup) node.kmsKeyId = this.logs;
    if (this.encrypted.length === 0 || !(node instanceof Policy || node instanceof ManagedPolicy)) return;
    const stack = Stack.of(node);
    const { Statement: statements = [] } = (stack.resolve(node.document) ?? {}) as { Statement?: readonly Statement[] };
    for (const service of ['dynamodb', 's3'] as const) {
      const ofService = this.encrypted.filter((each) => each.service === service);
      this.allow(
        node,
        service,
        READING,
        keysUsed(ofService, statements, (action) => READS.test(action) || WRITES.test(action)),
      );
      this.allow(
        node,
        service,
        WRITING,
        keysUsed(ofService, statements, (action) => WRITES.test(action)),
      );
    }
  }

  private allow(policy: Policy | ManagedPolicy, service: string, actions: string[], keyArns: string[]): void {
    if (keyArns.length === 0) return;
    const { region, urlSuffix } = Stack.of(policy);
    const conditions = { StringEquals: { 'kms:ViaService': `${service}.${region}.${urlSuffix}` } };
    policy.addStatements(new PolicyStatement({ actions, resources: keyArns, conditions }));
  }
}

function keysUsed(
  encrypted: readonly Encrypted[],
  statements: readonly Statement[],
  isUse: (action: string) => boolean,
): string[] {
  const used = statements
    .filter(({ Effect, Action }) => Effect === 'Allow' && [Action ?? []].flat().some(isUse))
    .map(({ Resource }) => JSON.stringify(Resource));
  const keys = encrypted.filter(({ isNamedIn }) => used.some(isNamedIn)).map(({ keyArn }) => keyArn);
  return [...new Set(keys)].sort();
}
