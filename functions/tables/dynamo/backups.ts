import {
  type BackupDetails,
  type BackupSummary,
  CreateBackupCommand,
  DescribeBackupCommand,
  type DynamoDBClient,
  ListBackupsCommand,
  TableNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { MigrationError } from '../../model/migration-error.ts';
import { eachItem } from '../pages.ts';

/** An on-demand backup of a table. */
export interface Backup {
  readonly arn: string;
  readonly name: string;
  readonly status: 'CREATING' | 'AVAILABLE' | 'DELETED';
  /** ISO 8601. */
  readonly createdAt: string;
  /** As DynamoDB last counted; 0 while it is being created. */
  readonly sizeBytes: number;
}

/** On-demand backups (DynamoDB developer guide, "Backing up a DynamoDB table"): whole, consistent, without load on the table. */
export interface Backups {
  /**
   * Begins a backup.
   *
   * @returns undefined where the table does not exist.
   * @throws MigrationError `BACKUPS_UNSUPPORTED` on DynamoDB Local; `BACKUP_BUSY`, retryable, where too much is going on.
   */
  create(tableName: string, backupName: string): Promise<Backup | undefined>;
  describe(arn: string): Promise<Backup>;
  /** The backups of a table that were made by a person or a command, in no order. */
  list(tableName: string): Promise<readonly Backup[]>;
}

/** Refusals of the control plane that pass, and that the SDK does not try again. */
const BUSY = new Set(['LimitExceededException', 'BackupInUseException', 'TableInUseException', 'ThrottlingException']);

export function dynamoBackups(client: DynamoDBClient): Backups {
  return {
    async create(tableName, backupName) {
      try {
        const { BackupDetails } = await client.send(
          new CreateBackupCommand({ TableName: tableName, BackupName: backupName }),
        );
        return backupOf(BackupDetails);
      } catch (error) {
        if (error instanceof TableNotFoundException) return undefined;
        throw failureOf(error, tableName);
      }
    },

    async describe(arn) {
      try {
        const { BackupDescription } = await client.send(new DescribeBackupCommand({ BackupArn: arn }));
        return backupOf(BackupDescription?.BackupDetails);
      } catch (error) {
        throw failureOf(error, arn);
      }
    },

    async list(tableName) {
      const listed = eachItem(async (after: string | undefined) => {
        const input = { TableName: tableName, BackupType: 'USER' as const, ExclusiveStartBackupArn: after };
        const { BackupSummaries = [], LastEvaluatedBackupArn } = await client.send(new ListBackupsCommand(input));
        return { items: BackupSummaries.map(backupOf), cursor: LastEvaluatedBackupArn };
      });
      try {
        return await Array.fromAsync(listed);
      } catch (error) {
        throw failureOf(error, tableName);
      }
    },
  };
}

function backupOf(stored: BackupDetails | BackupSummary | undefined): Backup {
  return {
    arn: stored?.BackupArn ?? '',
    name: stored?.BackupName ?? '',
    status: stored?.BackupStatus ?? 'CREATING',
    createdAt: stored?.BackupCreationDateTime?.toISOString() ?? '',
    sizeBytes: stored?.BackupSizeBytes ?? 0,
  };
}

function failureOf(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'UnknownOperationException') {
    return new MigrationError('BACKUPS_UNSUPPORTED', 'DynamoDB Local has no backups.', {
      cause: error,
      nextStep: 'Use an environment in AWS: --env NAME. For the local cloud, copy the folder given with --dir.',
    });
  }
  if (!BUSY.has(error.name)) return error;
  return new MigrationError('BACKUP_BUSY', `DynamoDB is busy with ${what}: ${error.message}`, {
    cause: error,
    nextStep: 'Run it again in a minute: kpi-migrate backup --execute',
  });
}
