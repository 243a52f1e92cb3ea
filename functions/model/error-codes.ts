/** What follows from a code, for whoever handles it. */
export type ErrorKind =
  | 'usage' // The command line or a setting is wrong. Exit code 2.
  | 'transient' // The same call may succeed later without a change. Exit code 3.
  | 'contention' // Transient, because others kept changing the same rows.
  | 'conflict' // Someone else has changed what was read: read it again, and decide again.
  | 'gate' // The gate refuses to move reads.
  | 'blocker' // The state of the migration, or of a table, does not allow the step yet.
  | 'backup-due' // A blocker that `retire --execute` resolves by itself.
  | 'table-missing' // A table does not exist.
  | 'unsupported' // DynamoDB Local does not offer it.
  | 'item' // One item fails, and others do not fail with it.
  | 'invalid-request' // The read API answers 400.
  | 'forbidden' // The read API answers 403.
  | 'not-found' // The read API answers 404.
  | 'failed'; // Anything else: a person has to look.

/** Every code of this product, in errors, blockers and preflight findings. Programs rely on them, so a code never changes. */
export const KIND_OF = {
  ALARM_UNKNOWN: 'failed',
  BACKFILL_FAILED: 'failed',
  BACKFILL_RUNNING: 'blocker',
  BACKFILL_UNFINISHED: 'blocker',
  BACKUPS_UNSUPPORTED: 'unsupported',
  BACKUP_BUSY: 'transient',
  BACKUP_MISSING: 'backup-due',
  BACKUP_OLD: 'backup-due',
  CALLER_REFUSED: 'forbidden',
  CONTENTION: 'contention',
  CONTROL_TABLE_MISSING: 'table-missing',
  DELIVERY_OF_UNKNOWN_TABLE: 'failed',
  DELIVERY_UNREADABLE: 'failed',
  DEPLOYMENT_FAILED: 'failed',
  ENGINE_FAILED: 'failed',
  ENVIRONMENT_UNKNOWN: 'usage',
  EVIDENCE_UNREADABLE: 'blocker',
  EXPORT_UNREADABLE: 'failed',
  FALLBACK_INCOMPLETE: 'transient',
  FLAG_CONFLICT: 'conflict',
  FLAG_DEPLOYING: 'transient',
  FLAG_IDS_UNREADABLE: 'failed',
  FLAG_NOT_DEPLOYED: 'failed',
  FLAG_REFUSED: 'gate',
  FLAG_UNGATED: 'failed',
  FLAG_UNREADABLE: 'failed',
  FLAG_UNWATCHED: 'failed',
  FUNCTION_SETTINGS_INVALID: 'failed',
  GATE_REFUSED: 'gate',
  INDEX_MISSING: 'blocker',
  INDEX_NOT_READY: 'blocker',
  INDEX_UNFIT: 'blocker',
  ITEMS_UNFINISHED: 'blocker',
  JAVA_MISSING: 'failed',
  JAVA_TOO_OLD: 'failed',
  KEY_INACCESSIBLE: 'blocker',
  KEY_NOT_NAMED: 'blocker',
  KEY_SCHEMA: 'blocker',
  KILL_SWITCH_SET: 'blocker',
  LEASE_LOST: 'transient',
  LOCAL_CLOUD_NOT_RUNNING: 'failed',
  MAPPING_CHANGED: 'blocker',
  NOT_QUARANTINED: 'failed',
  NO_BACKFILL: 'blocker',
  NO_REPORT: 'blocker',
  NO_STANDING_ROUND: 'blocker',
  OUT_OF_TIME: 'transient',
  PACKAGES_MISSING: 'failed',
  PAGE_TOKEN_INVALID: 'invalid-request',
  PART_TOO_LARGE: 'failed',
  PORT_BUSY: 'failed',
  PREFLIGHT_FAILED: 'blocker',
  PROMOTION_MISSING: 'blocker',
  QUARANTINE_CHANGED: 'conflict',
  QUARANTINE_DAMAGED: 'failed',
  QUARANTINE_NOT_ACCEPTED: 'blocker',
  QUERY_INVALID: 'invalid-request',
  READS_NEW_RECENTLY: 'blocker',
  READS_NOT_NEW: 'blocker',
  READS_NOT_OLD: 'blocker',
  RECORDS_HELD: 'blocker',
  REPORT_BEFORE_ROLLBACK: 'blocker',
  REPORT_DISAGREES: 'blocker',
  REPORT_EMPTY: 'blocker',
  REPORT_FOLDER_NOT_EMPTY: 'failed',
  REPORT_INCONCLUSIVE: 'blocker',
  REPORT_OLD: 'blocker',
  REPORT_PARTIAL: 'blocker',
  REPORT_UNREADABLE: 'failed',
  ROLLBACK_UNFINISHED: 'blocker',
  ROUTE_UNKNOWN: 'not-found',
  ROW_NOT_FOUND: 'not-found',
  SETTINGS_FLAG: 'usage',
  SETTINGS_INVALID: 'usage',
  SETTINGS_NOT_LOCAL: 'usage',
  SETTINGS_RETIRE: 'usage',
  SETTINGS_UNREADABLE: 'usage',
  STANDING_ROUND_DIFFERS: 'blocker',
  STANDING_ROUND_OLD: 'blocker',
  STATE_UNREADABLE: 'failed',
  STREAM_BEHIND: 'blocker',
  STREAM_EVENT_UNREADABLE: 'failed',
  STREAM_NOT_ON: 'transient',
  STREAM_OFF: 'blocker',
  STREAM_VIEW_TYPE: 'blocker',
  SYNTHESIS_FAILED: 'failed',
  TABLE_MISSING: 'table-missing',
  TABLE_NOT_READY: 'blocker',
  TEMPLATE_UNREADABLE: 'failed',
  TRANSACTION_TOO_LARGE: 'item',
  VALIDATION_RUNNING: 'blocker',
} as const satisfies Readonly<Record<string, ErrorKind>>;

export type ErrorCode = keyof typeof KIND_OF;
